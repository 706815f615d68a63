/** What happened to a request on its way. */
export interface NetworkProblem {
  /** As it stands after a host's name. */
  what: string;
  /** Whether it may pass. */
  transient: boolean;
  /** Whether anything of the request may have arrived. */
  sent: boolean;
}

/**
 * The platform has no codes for this, only words, and puts them into the message or the cause's. Undefined for what is no
 * problem of the network.
 */
export function networkProblem(error: unknown): NetworkProblem | undefined {
  const words = wholeMessage(error);
  if (/client error \(Connect\)/.test(words)) {
    if (/Name or service not known|nodename nor servname|No such host/.test(words)) {
      return { what: "is not known: there is no such host", transient: false, sent: false };
    }
    if (/certificate|tls|corrupt message/i.test(words)) {
      const what = "can't be reached safely: it speaks no TLS, or its certificate is not trusted";
      return { what, transient: false, sent: false };
    }
    return { what: "can't be reached", transient: true, sent: false };
  }
  return /error sending request|error reading a body|connection|unexpected eof|body ended/i.test(words)
    ? { what: "broke off the connection", transient: true, sent: true }
    : undefined;
}

/** Whether a request failed while its connection was made: the server has seen nothing of it. */
export function wasNeverSent(error: unknown): boolean {
  return networkProblem(error)?.sent === false;
}

/** An error's message, with those of its causes. */
export function wholeMessage(error: unknown): string {
  return error instanceof Error ? `${error.message} ${wholeMessage(error.cause)}` : "";
}
