/** Part of a browser's window and document that is used here. Node has neither. */
interface Surroundings {
  addEventListener?(type: string, listener: (event: { persisted?: boolean }) => void): void;
  removeEventListener?(type: string, listener: (event: { persisted?: boolean }) => void): void;
  readonly document?: Surroundings & { readonly visibilityState?: string };
}

/**
 * Calls `onWake` when the network or a suspended page returns. Connections that were open before are often dead, and no event reports that.
 * @param onWake called with `certain`: whether the connection cannot be relied on
 * @returns a function that removes the listeners
 */
export function listenForWake(onWake: (certain: boolean) => void): () => void {
  const window = globalThis as Surroundings;
  const { document } = window;
  const online = () => onWake(true);
  // `pageshow` fires for every load. Only a page from the back/forward cache has lost its connections.
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
