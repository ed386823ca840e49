/** Returns a storage of the browser, or undefined if its settings forbid access. */
export function getBrowserStorage(kind: 'localStorage' | 'sessionStorage'): Storage | undefined {
  try {
    return globalThis[kind];
  } catch {
    return undefined;
  }
}
