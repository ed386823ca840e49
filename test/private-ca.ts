import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate of a private authority. */
export interface PrivateCertificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** Path of the authority's own certificate. */
  readonly caFile: string;
}

/** Makes an authority and a certificate for `host` that it has signed. @param directory where their files are put */
export function makePrivateCertificate(directory: string, host: string): PrivateCertificate {
  const path = (name: string) => join(directory, name);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const authority = ['-subj', '/CN=Private authority', '-addext', 'basicConstraints=critical,CA:TRUE'];
  runOpenssl(['req', '-x509', ...curve, ...authority, '-keyout', path('ca-key.pem'), '-out', path('ca.pem')]);
  const signed = ['-CA', path('ca.pem'), '-CAkey', path('ca-key.pem'), '-addext', `subjectAltName=DNS:${host}`];
  const end = ['-addext', 'basicConstraints=CA:FALSE'];
  const files = ['-keyout', path('key.pem'), '-out', path('cert.pem')];
  runOpenssl(['req', '-x509', ...curve, '-subj', `/CN=${host}`, ...signed, ...end, ...files]);
  return { key: readFileSync(path('key.pem')), cert: readFileSync(path('cert.pem')), caFile: path('ca.pem') };
}

function runOpenssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' });
}
