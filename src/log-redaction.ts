/** Text that takes the place of a secret. */
const CENSOR = '[redacted]';

/**
 * Texts in the form of credentials, which a log may receive in an error of a library or in the address of a request. None of the expressions
 * matches a part of a JSON string with its quote, so that JSON stays JSON.
 */
const CREDENTIALS: readonly (readonly [RegExp, string])[] = [
  // Headers in a record.
  [/("(?:(?:proxy-)?authorization|(?:set-)?cookie)":)(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\])/gi, `$1"${CENSOR}"`],
  // Parameters of a query, and settings in a text.
  [/\b((?:[a-z_-]{0,40}(?:key|token|secret|password)|ticket|authorization|jwt)=)[^&\s"'\\]+/gi, `$1${CENSOR}`],
  [/\b(Bearer|Basic) +[\w.~+/=-]+/gi, `$1 ${CENSOR}`],
  // Credentials in an address.
  [/(\/\/)[^/\s"'\\@]{1,500}@/g, `$1${CENSOR}@`],
  // Keys and access tokens of Google.
  [/\bAIza[\w-]{20,}/g, CENSOR],
  [/\bya29\.[\w.-]+/g, CENSOR],
  // JSON Web Tokens.
  [/\beyJ[\w-]{8,500}\.[\w-]+(?:\.[\w-]*)?/g, CENSOR],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\w+/=\s\\-]{0,10000}/g, CENSOR],
];

/** Removes secrets from texts: those of the configuration, and whatever has the form of credentials. */
export class SecretRedactor {
  /** Longest first, because a secret may be part of another one. */
  readonly #secrets: readonly string[];

  /** @param secrets texts to remove wherever they stand, also as parts of a JSON string or of a query */
  constructor(secrets: readonly string[]) {
    const forms = secrets.flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
    ]);
    this.#secrets = [...new Set(forms)].sort((a, b) => b.length - a.length);
  }

  redact(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, CENSOR);
    for (const [form, replacement] of CREDENTIALS) clean = clean.replace(form, replacement);
    return clean;
  }
}
