/** A connection that can be ended so that its client returns. */
interface RenewableConnection {
  /** @param retryMs wait before the client may reconnect, in ms */
  onDrain(retryMs: number): void;
}

/** Wait of a client whose credentials have expired before it returns with new ones, in ms. */
const RETRY_MS = 100;
/** Maximum delay of a timer, in ms. A longer one would go off at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Ends a connection with `drain` when the credentials that opened it expire: whoever may no longer open a stream may no longer read one.
 * @param expiresAt in ms since 1970; Infinity: never
 * @returns stops waiting, because the connection has closed
 */
export function endAtExpiry(connection: RenewableConnection, expiresAt: number): () => void {
  if (!Number.isFinite(expiresAt)) return () => {};
  let timer: NodeJS.Timeout;
  const wait = () => {
    const remaining = expiresAt - Date.now();
    if (remaining <= 0) connection.onDrain(RETRY_MS);
    else timer = setTimeout(wait, Math.min(remaining, MAX_DELAY_MS)).unref();
  };
  wait();
  return () => clearTimeout(timer);
}
