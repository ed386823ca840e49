import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** Length of the nonce of AES-GCM, in bytes. @see NIST SP 800-38D, section 8.2 */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts the resumption handles of providers (AES-256-GCM): whoever has one can read the conversation. */
export class HandleCipher {
  readonly #key: Buffer;

  /** @param secret any text that others cannot guess. With another one, handles that were stored before are not read any more */
  constructor(secret: string) {
    this.#key = createHash('sha256').update(secret).digest();
  }

  /** @param owner the conversation: the text cannot be decrypted for another one */
  encrypt(handle: string, owner: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(owner));
    const encrypted = Buffer.concat([cipher.update(handle, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), encrypted]).toString('base64');
  }

  /** @returns `undefined` if the text was encrypted with another secret or for another conversation, or was changed */
  decrypt(text: string, owner: string): string | undefined {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(owner));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      const encrypted = bytes.subarray(NONCE_BYTES + TAG_BYTES);
      return Buffer.concat([decipher.update(encrypted), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}
