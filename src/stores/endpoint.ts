/** Whether an address is this very machine. */
export function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/**
 * Whether an address is link-local, which is where clouds hand out credentials: 169.254.0.0/16, fe80::/10, fd00:ec2::254, as
 * the URL parser writes them, and the first one mapped into IPv6 as well. Only an SDK's own metadata client may go there.
 */
export function isLinkLocal({ hostname }: URL): boolean {
  return /^(169\.254\.\d+\.\d+|\[fe[89ab][\da-f]:.*\]|\[fd00:ec2::254\]|\[::ffff:a9fe:.*\])$/.test(hostname);
}
