import type { Config } from './config.ts';
import { type GeminiEmulator, startGeminiEmulator } from './emulator/gemini/emulator.ts';
import type { BasicLogger } from './isolation/guarded-logger.ts';
import { geminiModel } from './models/gemini/model.ts';
import { checkServedByAiStudio, findFamily, isKnownModel } from './models/gemini/model-names.ts';
import type { ModelConnection, ModelSetup, RealtimeModel, ToolDeclaration } from './models/realtime-model.ts';
import type { GeneratedText, TextModel, TextRequest } from './models/text-model.ts';
import { WireError } from './wire/wire-error.ts';

/** Names of the default models. Without a key the emulator answers as the default model of AI Studio does. */
const DEFAULT_MODELS = { aiStudio: 'gemini-3.8-live', vertex: 'gemini-live-2.5-flash-native-audio' };
/** Base URL of a model that is asked for its name and capabilities only. */
const NOWHERE = 'http://127.0.0.1:9';

/**
 * Creates the model that the configuration names: Gemini on AI Studio or Vertex AI, or without a key the emulator in this process.
 * @param name name of the model; default: `config.google.model`, else the default model of the provider
 * @throws {WireError} model_not_found
 */
export function createDefaultModel(config: Config, name: string | undefined, logger: BasicLogger): RealtimeModel {
  const model = config.google.offline
    ? new OfflineModel((baseUrl) => createGeminiModel(config, name, logger, baseUrl))
    : createGeminiModel(config, name, logger, config.google.baseUrl);
  logGuessedFamily(model, logger);
  return model;
}

function createGeminiModel(
  { google, proxy }: Config,
  name: string | undefined,
  logger: BasicLogger,
  baseUrl: string | undefined,
): RealtimeModel {
  const { vertexai, project, location, apiVersion, connectTimeoutMs } = google;
  const model = name ?? google.model ?? DEFAULT_MODELS[vertexai ? 'vertex' : 'aiStudio'];
  if (!vertexai && baseUrl === undefined) checkServedByAiStudio(model);
  return geminiModel({
    model,
    // The Google SDK requires a key for AI Studio, even if another server answers.
    apiKey: google.apiKey ?? (vertexai ? undefined : 'none'),
    vertexai,
    project,
    location,
    apiVersion,
    baseUrl,
    connectTimeoutMs,
    proxy,
    onUnparsableFrame: (frame) => logger.warn(frame, 'discarded a frame of the provider that is not valid'),
  });
}

/** A new model may differ from the family that its name suggests. Then this line explains what goes wrong. */
function logGuessedFamily({ name: model }: RealtimeModel, logger: BasicLogger): void {
  if (isKnownModel(model)) return;
  const { name: family, example } = findFamily(model);
  logger.warn(
    { model, family },
    `${model} is not a model that this version knows: it is treated as the family ${family}, like ${example} (docs/models.md)`,
  );
}

/** A model that needs no key and no network: the emulator in this process, started with the first connection. */
export class OfflineModel implements RealtimeModel {
  readonly provider: string;
  readonly name: string;
  readonly capabilities: RealtimeModel['capabilities'];
  readonly #createModel: (baseUrl: string) => RealtimeModel;
  /** Model that never connects. */
  readonly #unconnected: RealtimeModel;
  #emulator: Promise<GeminiEmulator> | undefined;
  #model: RealtimeModel | undefined;

  /** @param createModel creates the model that connects to an emulator */
  constructor(createModel: (baseUrl: string) => RealtimeModel) {
    this.#createModel = createModel;
    this.#unconnected = createModel(NOWHERE);
    ({ provider: this.provider, name: this.name, capabilities: this.capabilities } = this.#unconnected);
  }

  checkTools(tools: readonly ToolDeclaration[]): void {
    this.#unconnected.checkTools(tools);
  }

  async connect(setup: ModelSetup, signal: AbortSignal): Promise<ModelConnection> {
    return (await this.#start()).connect(setup, signal);
  }

  createTextModel(name: string): TextModel {
    // Checks the name.
    this.#unconnected.createTextModel?.(name);
    return new OfflineTextModel(name, () => this.#start());
  }

  async #start(): Promise<RealtimeModel> {
    this.#emulator ??= startGeminiEmulator();
    const { url } = await this.#emulator;
    this.#model ??= this.#createModel(url);
    return this.#model;
  }

  /** Stops the emulator and cuts its connections. */
  async close(): Promise<void> {
    await (await this.#emulator)?.close();
  }
}

/** A text model of the emulator in this process. */
class OfflineTextModel implements TextModel {
  readonly name: string;
  readonly #start: () => Promise<RealtimeModel>;

  /** @param start starts the emulator, and returns the model that connects to it */
  constructor(name: string, start: () => Promise<RealtimeModel>) {
    this.name = name;
    this.#start = start;
  }

  async generate(request: TextRequest, signal: AbortSignal): Promise<GeneratedText> {
    const model = (await this.#start()).createTextModel?.(this.name);
    if (!model) throw new WireError('model_not_found');
    return model.generate(request, signal);
  }
}
