const SAFE_PROTOCOLS = ['http:', 'https:', 'mailto:'];

/** Returns the address if a link may lead there: absolute, and of the web or of a mail. */
export function findSafeUrl(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, href } = new URL(address);
  return SAFE_PROTOCOLS.includes(protocol) ? href : undefined;
}
