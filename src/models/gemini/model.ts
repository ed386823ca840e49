import type { GoogleGenAI } from '@google/genai';
import { WireError } from '../../wire/wire-error.ts';
import type { ProxyVariables } from '../provider-agent.ts';
import { connectWithin, type UnparsableFrame } from '../provider-socket.ts';
import {
  type ModelConnection,
  type ModelSetup,
  type RealtimeModel,
  ResumptionRefused,
  type ToolDeclaration,
} from '../realtime-model.ts';
import type { TextModel } from '../text-model.ts';
import { describeCapabilities } from './capabilities.ts';
import { closeToError, sdkErrorToWireError } from './close-error.ts';
import { GeminiConnection } from './connection.ts';
import type { GeminiFamily } from './family.ts';
import { checkLiveModel, findFamily } from './model-names.ts';
import { createSdkClient } from './sdk-client.ts';
import { type SdkCallbacks, SdkSocket, type SdkSocketOptions } from './sdk-socket.ts';
import { toHistoryFields, toLiveConnectConfig, toTools } from './setup.ts';
import { geminiTextModel } from './text-model.ts';

/** Version of the API of AI Studio that is used unless the operator chooses one, and the version that has everything. */
const DEFAULT_VERSION = 'v1beta';
const PREVIEW_VERSION = 'v1alpha';

export interface GeminiOptions {
  /** Model name: `gemini-3.8-live`. */
  readonly model: string;
  /** API key of AI Studio, or of Vertex AI in express mode. */
  readonly apiKey?: string | undefined;
  /** Whether to connect to Vertex AI instead of AI Studio. Default: false. */
  readonly vertexai?: boolean;
  /** Google Cloud project, for Vertex AI. */
  readonly project?: string | undefined;
  /** Google Cloud location, for Vertex AI. */
  readonly location?: string | undefined;
  /** API version. Required, because the SDK's default moved to `v1`, which does not promise live models. */
  readonly apiVersion: string;
  /** URL of a server to use instead of Google's. */
  readonly baseUrl?: string | undefined;
  /** Maximum duration of one attempt to connect, from the search for credentials to `setupComplete`, in ms. The SDK itself has no limit. */
  readonly connectTimeoutMs: number;
  /** HTTP proxy on the way to the provider. Default: none. */
  readonly proxy?: ProxyVariables;
  /** Called for the first server frame of a connection that cannot be parsed. Such frames are discarded. */
  readonly onUnparsableFrame: (frame: UnparsableFrame) => void;
}

/**
 * Creates a Gemini Live model on AI Studio or Vertex AI, which connects through @google/genai.
 * @throws {WireError} model_not_found, if the name is that of a retired model, or cannot be a live model's
 */
export function geminiModel(options: GeminiOptions): RealtimeModel {
  checkLiveModel(options.model);
  return new GeminiModel(options);
}

class GeminiModel implements RealtimeModel {
  readonly provider = 'gemini';
  readonly name: string;
  readonly capabilities: RealtimeModel['capabilities'];
  readonly #options: GeminiOptions;
  readonly #live: GoogleGenAI['live'];
  /** Client for the preview version of the API; made on first use. */
  #previewLive: GoogleGenAI['live'] | undefined;
  readonly #family: GeminiFamily;

  constructor(options: GeminiOptions) {
    const { model, vertexai = false, apiVersion } = options;
    this.#options = options;
    this.name = model;
    this.#family = findFamily(model);
    this.capabilities = describeCapabilities(this.#family, vertexai);
    this.#live = createSdkClient(options, apiVersion).live;
  }

  checkTools(tools: readonly ToolDeclaration[]): void {
    toTools(tools, this.#family);
  }

  createTextModel(name: string): TextModel {
    return geminiTextModel({ ...this.#options, model: name });
  }

  async connect(setup: ModelSetup, signal: AbortSignal): Promise<ModelConnection> {
    const { connectTimeoutMs, proxy = {}, onUnparsableFrame } = this.#options;
    const connection = new GeminiConnection(this.#family, setup);
    const setupFields = toHistoryFields(setup, this.#family);
    const sockets = new SdkSocketFactory({ connection, setupFields, proxy, onUnparsableFrame });
    try {
      await connectWithin((givenUp) => this.#open(setup, sockets, connection, givenUp), connectTimeoutMs, signal);
    } catch (error) {
      sockets.latest?.destroy();
      signal.throwIfAborted();
      throw this.#nameModel(toConnectError(error, sockets.latest, setup));
    }
    if (setup.handle === undefined) connection.seedHistory(setup.history, setup.answered);
    return connection;
  }

  /** Adds the name of the model that the provider does not have. The name is ours; the provider's own text is not passed on. */
  #nameModel(error: Error): Error {
    if (!(error instanceof WireError) || error.code !== 'model_not_found') return error;
    return new WireError('model_not_found', error.message.replace('with this name', `named "${this.name}"`));
  }

  /** On AI Studio the default version does not know proactive audio and affective dialog, and closes with 1007 (pydantic-ai, realtime tests). */
  #chooseLive({ proactiveAudio, affectiveDialog }: ModelSetup): GoogleGenAI['live'] {
    const { vertexai, apiVersion } = this.#options;
    const needsPreview = proactiveAudio !== undefined || affectiveDialog !== undefined;
    if (vertexai || !needsPreview || apiVersion !== DEFAULT_VERSION) return this.#live;
    this.#previewLive ??= createSdkClient(this.#options, PREVIEW_VERSION).live;
    return this.#previewLive;
  }

  async #open(
    setup: ModelSetup,
    sockets: SdkSocketFactory,
    connection: GeminiConnection,
    givenUp: AbortSignal,
  ): Promise<void> {
    sockets.givenUp = givenUp;
    // The SDK keeps its socket factory on the `live` object. An object that inherits from it has our factory, and shares the credentials.
    const live: GoogleGenAI['live'] = Object.create(this.#chooseLive(setup), { webSocketFactory: { value: sockets } });
    const session = await live.connect({
      model: this.name,
      config: toLiveConnectConfig(setup, this.#options.vertexai ?? false, this.#family),
      callbacks: { onmessage: ignoreMessage },
    });
    connection.attachSession(session, sockets.latest);
  }
}

/** Creates the SDK's socket for one attempt to connect. */
class SdkSocketFactory {
  readonly #options: SdkSocketOptions;
  latest: SdkSocket | undefined;
  givenUp: AbortSignal | undefined;

  constructor(options: SdkSocketOptions) {
    this.#options = options;
  }

  create(url: string, headers: Record<string, string>, callbacks: SdkCallbacks): SdkSocket {
    // The attempt may have been given up while the SDK looked for credentials. Nobody would close a socket that is opened now.
    this.givenUp?.throwIfAborted();
    this.latest = new SdkSocket(url, headers, callbacks, this.#options);
    return this.latest;
  }
}

/** Required by the SDK. The socket has already passed the frame to the connection. */
function ignoreMessage(): void {}

function toConnectError(error: unknown, socket: SdkSocket | undefined, setup: ModelSetup): Error {
  // The time limit.
  if (error instanceof WireError) return error;
  const closed = socket?.closed;
  if (!closed) return sdkErrorToWireError(error);
  if (setup.handle !== undefined && (closed.code === 1007 || closed.code === 1008)) return new ResumptionRefused();
  return closeToError(closed);
}
