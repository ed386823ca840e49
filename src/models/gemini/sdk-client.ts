import { GoogleGenAI, type HttpOptions } from '@google/genai';

/** Service and credentials of a client. */
export interface SdkClientOptions {
  readonly apiKey?: string | undefined;
  readonly vertexai?: boolean;
  readonly project?: string | undefined;
  readonly location?: string | undefined;
  readonly baseUrl?: string | undefined;
}

/**
 * Creates the SDK's client.
 * @param apiVersion required, because the SDK's default moved to `v1`, which does not promise live models
 * @param http further options of requests. Default: none
 */
export function createSdkClient(options: SdkClientOptions, apiVersion: string, http: HttpOptions = {}): GoogleGenAI {
  const { apiKey, vertexai, project, location, baseUrl } = options;
  return new GoogleGenAI({
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(vertexai ? { vertexai, ...(project ? { project } : {}), ...(location ? { location } : {}) } : {}),
    apiVersion,
    httpOptions: { ...(baseUrl ? { baseUrl } : {}), ...http },
  });
}
