/**
 * Whether this is Deno 2.4, the oldest supported one. On it Node's http, which the SDKs sign in by, ends the whole process
 * where a connection breaks, and sends no body for impersonated credentials: tests of that are ignored there, and say so.
 */
export const OLD_DENO = Deno.version.deno.startsWith("2.4.");
