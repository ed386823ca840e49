import type { IncomingMessage, ServerResponse } from 'node:http';

/** Requests whose client waits for `100 Continue` before it sends the body. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Holds `100 Continue` back until the request may pass: a client that is refused need not send its body. */
export function holdContinue(req: IncomingMessage, res: ServerResponse): void {
  waiting.set(req, res);
}

/** Has a client that waits send its body. Has no effect on other requests. */
export function sendContinue(req: IncomingMessage): void {
  if (req.headers.expect === undefined) return;
  waiting.get(req)?.writeContinue();
  waiting.delete(req);
}

/** Tells whether the client still waits. Whether it sends the body after a final answer is not known, so the connection must be closed. */
export function awaitsContinue(req: IncomingMessage): boolean {
  return req.headers.expect !== undefined && waiting.has(req);
}
