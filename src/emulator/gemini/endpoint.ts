import type { IncomingMessage } from 'node:http';
import { GeminiRefusal, invalidArgument } from './refusal.ts';

/** Service, version and credential that the URL and the headers of an upgrade name. */
export interface GeminiEndpoint {
  readonly service: 'gemini' | 'vertex';
  readonly apiVersion: string;
  /** API key, ephemeral token or bearer token. Undefined if the request has none. */
  readonly credential: string | undefined;
}

const GEMINI_PATH =
  /\/ws\/google\.ai\.generativelanguage\.(v1|v1beta|v1alpha)\.GenerativeService\.BidiGenerateContent(Constrained)?$/;
const VERTEX_PATH = /\/ws\/google\.cloud\.aiplatform\.(v1|v1beta1)\.LlmBidiService\/BidiGenerateContent$/;

/**
 * Reads the endpoint of an upgrade. Returns undefined for the path of no endpoint. Any prefix is allowed: the SDK puts the path of
 * a base URL before `/ws/`, or a second slash if the base URL has no path.
 */
export function readEndpoint(request: IncomingMessage): GeminiEndpoint | undefined {
  let url: URL;
  try {
    url = new URL(`http://emulator${request.url ?? '/'}`);
  } catch {
    return undefined;
  }
  const { authorization, 'x-goog-api-key': keyHeader } = request.headers;
  const bearer = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
  const header = (Array.isArray(keyHeader) ? keyHeader[0] : keyHeader) ?? bearer;

  const gemini = GEMINI_PATH.exec(url.pathname);
  if (gemini) {
    const query = url.searchParams.get(gemini[2] ? 'access_token' : 'key');
    return { service: 'gemini', apiVersion: gemini[1] ?? '', credential: query || header };
  }
  const vertex = VERTEX_PATH.exec(url.pathname);
  if (vertex)
    return { service: 'vertex', apiVersion: vertex[1] ?? '', credential: url.searchParams.get('key') || header };
  return undefined;
}

/**
 * Checks the credential of an upgrade.
 * @param apiKey the only accepted key. Undefined: any key is accepted
 * @throws {GeminiRefusal} 1008 without a credential, 1007 for a wrong key
 */
export function checkCredential({ credential }: GeminiEndpoint, apiKey: string | undefined): void {
  if (credential === undefined) {
    throw new GeminiRefusal(
      1008,
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of " +
        'API consumer identity to call this API.',
    );
  }
  if (apiKey !== undefined && credential !== apiKey)
    throw invalidArgument('API key not valid. Please pass a valid API key.');
}
