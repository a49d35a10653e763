/** A name that is saved twice replaces what was saved first: on the platform nothing says so. Pure. */

/**
 * Names carry step and generation, and neither comes back once others were given away: the last ones are all that could
 * be repeated.
 */
const REMEMBERED = 32;

/** The wanted name, numbered if it was given away before; and what has been given away by now. */
export function freshName(
  given: readonly string[],
  wanted: string,
): { readonly name: string; readonly given: readonly string[] } {
  let name = wanted;
  for (let count = 2; given.includes(name); count++) name = `${wanted}-${count}`;
  return { name, given: [...given, name].slice(-REMEMBERED) };
}
