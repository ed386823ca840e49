/** The part of a browser's window and document that is used; in Node there is none. */
interface Surroundings {
  addEventListener?(type: string, listener: (event: { persisted?: boolean }) => void): void;
  removeEventListener?(type: string, listener: (event: { persisted?: boolean }) => void): void;
  readonly document?: Surroundings & { readonly visibilityState?: string };
}

/**
 * Calls `onWake` when the network is back, or a page that was put away is: connections that were open then are often dead without
 * anybody having been told. `certain`: the connection cannot be relied on. Returns a function that stops listening.
 */
export function listenForWake(onWake: (certain: boolean) => void): () => void {
  const window = globalThis as Surroundings;
  const { document } = window;
  const online = () => onWake(true);
  // Fired by every load; only a page out of the back/forward cache has lost something.
  const pageshow = ({ persisted }: { persisted?: boolean }) => onWake(persisted === true);
  const visible = () => {
    if (document?.visibilityState !== 'hidden') onWake(false);
  };
  window.addEventListener?.('online', online);
  window.addEventListener?.('pageshow', pageshow);
  document?.addEventListener?.('visibilitychange', visible);
  return () => {
    window.removeEventListener?.('online', online);
    window.removeEventListener?.('pageshow', pageshow);
    document?.removeEventListener?.('visibilitychange', visible);
  };
}
