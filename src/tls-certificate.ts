import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { ConfigError } from './config-error.ts';
import type { BasicLogger } from './isolation/guarded-logger.ts';

/** Paths of the certificate chain and of its key, in PEM. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Options of a TLS server, for its start and for `setSecureContext`. */
export interface TlsOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
}

/** Time between two reads of the files, in ms. */
const CHECK_MS = 10_000;

/**
 * The certificate of the server, which is replaced when its files change. The content of the files is compared, not their names or times: tools
 * replace files, change symbolic links (Kubernetes, certbot) or write in place, and notifications of the file system miss some of these. A pair
 * that cannot be used, such as a new certificate whose key is not written yet, changes nothing and is read again.
 */
export class TlsCertificate {
  readonly #files: TlsFiles;
  readonly #logger: BasicLogger;
  readonly #checkMs: number;
  #options: TlsOptions;
  /** Text of the fault that was logged last, so that each fault is logged once. */
  #fault: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Reads the files.
   * @param checkMs time between two reads, in ms. Default: 10 s
   * @throws {ConfigError} a file cannot be read, or the two are not a certificate and its key. The message contains no content
   */
  constructor(files: TlsFiles, logger: BasicLogger, checkMs = CHECK_MS) {
    this.#files = files;
    this.#logger = logger;
    this.#checkMs = checkMs;
    const { certFile, keyFile } = files;
    const cert = readStartFile('TLS_CERT_FILE', certFile);
    const key = readStartFile('TLS_KEY_FILE', keyFile);
    try {
      this.#options = createOptions(cert, key);
    } catch (error) {
      throw new ConfigError(
        `TLS_CERT_FILE: ${certFile} and ${keyFile} are not a certificate in PEM and its key (${describeFault(error)})`,
      );
    }
    this.#reportExpiry();
  }

  get options(): TlsOptions {
    return this.#options;
  }

  /** Reads the files regularly. @param onChange called with a new certificate; connections that are open keep the old one */
  watch(onChange: (options: TlsOptions) => void): void {
    this.#timer = setTimeout(async () => {
      await this.#check(onChange);
      // `stop` may have been called meanwhile.
      if (this.#timer) this.watch(onChange);
    }, this.#checkMs).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #check(onChange: (options: TlsOptions) => void): Promise<void> {
    const { certFile, keyFile } = this.#files;
    try {
      const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
      if (!cert.equals(this.#options.cert) || !key.equals(this.#options.key)) {
        const options = createOptions(cert, key);
        onChange(options);
        this.#options = options;
        this.#logger.info({}, 'the TLS certificate was replaced');
        this.#reportExpiry();
      }
      this.#fault = undefined;
    } catch (error) {
      const fault = describeFault(error);
      if (fault === this.#fault) return;
      this.#fault = fault;
      this.#logger.error(
        { certFile, keyFile, fault },
        'the new TLS certificate cannot be used; the old one stays in use',
      );
    }
  }

  #reportExpiry(): void {
    const { validToDate } = new X509Certificate(this.#options.cert);
    if (validToDate.getTime() > Date.now()) return;
    this.#logger.warn({ expiredAt: validToDate.toISOString() }, 'the TLS certificate has expired: browsers refuse it');
  }
}

function createOptions(cert: Buffer, key: Buffer): TlsOptions {
  const options = { cert, key, minVersion: 'TLSv1.2' } as const;
  // Throws if the files are not in PEM, or if the key is not that of the certificate.
  createSecureContext(options);
  return options;
}

function readStartFile(variable: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigError(`${variable}: cannot read ${path} (${describeFault(error)})`);
  }
}

/** Names an error by its code. The texts of OpenSSL contain nothing that would help more. */
function describeFault(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException; // of the file system, or of OpenSSL
  if (code === 'ERR_OSSL_BAD_DECRYPT' || code === 'ERR_MISSING_PASSPHRASE') return 'the key has a passphrase';
  return code ?? 'unknown error';
}
