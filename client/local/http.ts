/** How other servers are asked, read by who asks one: a package that is no module has no names of its own once it is bundled. */
export { request } from 'undici';
