/** The sandbox asks for a key as the platform does, and takes any: the user's own never goes there. */
export const SANDBOX_KEY = 'sandbox';
