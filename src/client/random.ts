/** Replaces a result out of range, or an error: either would make the client reconnect without delay. */
export function guardRandom(random: () => number): () => number {
  return () => {
    try {
      const value = random();
      return value >= 0 && value <= 1 ? value : Math.random();
    } catch {
      return Math.random();
    }
  };
}

/**
 * Creates an id of 128 random bits. `crypto.randomUUID` is missing on pages that are served without https, and React Native has no `crypto`. The
 * id is a name and no secret: it must differ from those of other clients.
 */
export function createRandomId(): string {
  const bytes = new Uint8Array(16);
  const { crypto } = globalThis as { crypto?: Partial<Crypto> };
  if (crypto?.getRandomValues) crypto.getRandomValues(bytes);
  else for (const index of bytes.keys()) bytes[index] = Math.random() * 256;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
