import { GoogleGenAI } from '@google/genai';
import { WireError } from '../wire/error-catalogue.ts';
import { checkLiveModel, geminiCapabilities, isThreeOne } from './gemini-capabilities.ts';
import { closeToError, type GeminiClose } from './gemini-close.ts';
import { GeminiConnection } from './gemini-connection.ts';
import { historyFields, toLiveConnectConfig } from './gemini-setup.ts';
import { GeminiSocket, type SdkCallbacks, type SocketObserver } from './gemini-socket.ts';
import { type RealtimeConnection, type RealtimeModel, ResumptionRefused } from './realtime-model.ts';

export interface GeminiOptions {
  /** Model name, as in `gemini-3.8-live`. */
  readonly model: string;
  /** AI Studio, or Vertex AI in express mode. */
  readonly apiKey?: string | undefined;
  readonly vertexai?: boolean;
  readonly project?: string | undefined;
  readonly location?: string | undefined;
  /** Pinned, because the SDK's default moved to `v1`, where live models are not promised. */
  readonly apiVersion: string;
  /** Another host than Google's. */
  readonly baseUrl?: string | undefined;
  /** From the first packet to `setupComplete`, ms: the SDK itself waits for ever. */
  readonly connectTimeoutMs: number;
  /** Told of server frames that are not JSON. */
  readonly onNonsense: (text: string) => void;
}

/**
 * A Gemini Live model through @google/genai, on AI Studio or Vertex AI.
 * @throws {WireError} model_not_found: by its name it can be no live model
 */
export function geminiModel(options: GeminiOptions): RealtimeModel {
  const { model, apiKey, vertexai = false, project, location, apiVersion, baseUrl } = options;
  checkLiveModel(model);
  const ai = new GoogleGenAI({
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(vertexai ? { vertexai, ...(project ? { project } : {}), ...(location ? { location } : {}) } : {}),
    apiVersion,
    ...(baseUrl ? { httpOptions: { baseUrl } } : {}),
  });
  const secrets = apiKey ? [apiKey] : [];

  return {
    name: model,
    capabilities: geminiCapabilities(model, vertexai),

    async connect(config, signal): Promise<RealtimeConnection> {
      const connection = new GeminiConnection({ textAsRealtimeInput: isThreeOne(model) });
      // A handle is as good as the conversation, and why a connection ended is told to clients.
      const hidden = config.handle === undefined ? secrets : [...secrets, config.handle];
      const watch = watchFor(connection, hidden, options.onNonsense);
      let socket: GeminiSocket | undefined;
      const create = (url: string, headers: Record<string, string>, callbacks: SdkCallbacks) => {
        // The SDK may still have looked for credentials when this was given up: nobody would close a socket opened now.
        if (late || signal.aborted) throw new Error('given up');
        socket = new GeminiSocket(url, headers, callbacks, watch, historyFields(config, isThreeOne(model)));
        return socket;
      };
      // The SDK keeps its factory on the `live` object: one that inherits from it has our factory, and shares its credentials.
      const live: typeof ai.live = Object.create(ai.live, { webSocketFactory: { value: { create } } });

      const { promise: stopped, reject } = Promise.withResolvers<never>();
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        reject(new Error('late'));
      }, options.connectTimeoutMs);
      const onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort);
      try {
        signal.throwIfAborted();
        const opening = live.connect({
          model,
          config: toLiveConnectConfig(config, vertexai),
          callbacks: { onmessage: ignore },
        });
        connection.begin(await Promise.race([opening, stopped]), socket);
      } catch (error) {
        socket?.destroy();
        signal.throwIfAborted();
        if (late) {
          throw new WireError(
            'model_unreachable',
            `The model provider did not answer within ${options.connectTimeoutMs} ms`,
          );
        }
        const { closed } = watch;
        if (!closed) throw notSent(redact(messageOf(error), hidden));
        if (config.handle !== undefined && (closed.code === 1007 || closed.code === 1008)) {
          throw new ResumptionRefused(closed.reason);
        }
        throw closeToError(closed);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      }
      if (config.handle === undefined) connection.seed(config.history, config.answered);
      return connection;
    },
  };
}

interface Watch extends SocketObserver {
  /** How it ended, if it has. */
  closed: GeminiClose | undefined;
}

/** Not a part of `connect`: what lives as long as the socket would keep all that was needed to open it. */
function watchFor(connection: GeminiConnection, secrets: readonly string[], onNonsense: Watch['onNonsense']): Watch {
  const watch: Watch = {
    closed: undefined,
    onFrame: (frame) => connection.receive(frame),
    onNonsense,
    onClose(code, reason, status, errno) {
      watch.closed = { code, reason: redact(reason, secrets), status, errno };
      connection.end(watch.closed);
    },
  };
  return watch;
}

/** The SDK requires the callback; the socket has handed the frame to the connection before. */
function ignore(): void {}

/** The SDK gave up before anything went to the provider. */
function notSent(message: string): WireError {
  return /credential/i.test(message)
    ? new WireError('model_key_refused', message, 'log in with application default credentials, or set GOOGLE_API_KEY')
    : new WireError('model_request_refused', message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Providers quote what they were sent, and some put the key into it. */
function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .reduce((clean, secret) => clean.replaceAll(secret, '[key]'), text)
    .replace(/\b(key|access_token)=[^&\s]+/g, '$1=[key]');
}
