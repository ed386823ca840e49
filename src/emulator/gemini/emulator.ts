import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { readScenario, type Scenario, type ScenarioAction } from '../scenario.ts';
import { type ConnectionScript, createScenarioPlayer } from '../scenario-player.ts';
import { stopListening } from '../socket-trouble.ts';
import { GeminiConnection } from './connection.ts';
import type { GeminiConnectionOptions } from './connection-options.ts';
import { readEndpoint } from './endpoint.ts';
import { createResumptionHandles } from './resumption-handles.ts';
import { isLiveModel } from './setup.ts';
import type { TextAnswer } from './text-answer.ts';
import { TextEndpoint } from './text-endpoint.ts';

export interface GeminiEmulatorOptions {
  /** Interface to listen on. Default: 127.0.0.1, because there is no real authentication. */
  host?: string;
  /** Port to listen on. Default: 0, any free port. */
  port?: number;
  /** The only accepted key. Other keys are refused as Gemini refuses them (1007). Default: any key is accepted, no key is not (1008). */
  apiKey?: string;
  /**
   * Name of the only model, without `models/`. A setup for another one is refused as Gemini refuses a model that does not exist (1008). Default:
   * all live models of Gemini exist. Either way the rules are those of the family of the model that the setup names.
   */
  model?: string;
  /**
   * Speed of the agent, relative to real time. At 1, the default, speech is sent twice as fast as it plays, and the turn ends when it would have been
   * played, as Gemini does. Until then the agent can be interrupted. Tests use a high number to be fast.
   */
  pace?: number;
  /** Maximum wait for a tool, in ms. At the limit the agent says that the tool did not answer. Default: 120,000. */
  toolWaitMs?: number;
  /**
   * Lifetime of a connection, in ms. The server sends goAway 50 s before the end (halfway through a shorter life), and closes with
   * 1008 at the end. Default: 0, no limit. Gemini's own connections live about 10 minutes.
   */
  lifetimeMs?: number;
  /** Faults to inject, by connection. Default: none. `scenarios.ts` has ready-made ones. */
  scenario?: Scenario;
  /** Whether to close with 1007 and a reason for what Gemini merely tolerates. Default: false. @see strict-rules.ts */
  strict?: boolean;
  /** Answers of the text models (`generateContent`) to the first requests, in order. Default: they repeat what they were given. */
  textAnswers?: readonly TextAnswer[];
}

export interface GeminiEmulator {
  /** Address as `http://host:port`, for GOOGLE_GEMINI_BASE_URL or `httpOptions.baseUrl`. */
  readonly url: string;
  readonly port: number;
  /** Number of open WebSockets. */
  readonly connections: number;
  /** Values of `setup` in the latest 100 setup messages, as they were sent and in order. Includes refused ones. */
  readonly setups: readonly unknown[];
  /**
   * Protocol violations of clients, the latest 100. Each is the full text of a close with 1007. With `strict` the list also names
   * clients that stayed after goAway, or resumed a session whose connection was still open.
   */
  readonly violations: readonly string[];
  /** Bodies of the latest 100 requests to text models, in order. */
  readonly textRequests: readonly unknown[];
  /** Terminates all connections and stops listening, at once. */
  close(): Promise<void>;
}

const DEFAULT_PACE = 1;
const DEFAULT_TOOL_WAIT_MS = 120_000;
/** Maximum size of a frame, in bytes: an image of 12 MB in base64. A larger frame closes the connection with 1009. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
/** Maximum number of open connections. At the limit an upgrade is answered with 503. */
const MAX_CONNECTIONS = 10_000;
/** Maximum number of setups, and of violations, in the lists. At the limit the oldest is discarded. */
const MAX_RECORDED = 100;

/**
 * Starts a WebSocket server that speaks the protocol of Gemini Live (BidiGenerateContent, in AI Studio's and Vertex AI's variants)
 * as @google/genai expects it, with the text models beside the live ones (`generateContent`). The agent behind it needs no model.
 * @throws if the port is not available, or an option is invalid
 */
export async function startGeminiEmulator(options: GeminiEmulatorOptions = {}): Promise<GeminiEmulator> {
  const emulator = new EmulatorServer(options);
  await emulator.listen(options.host ?? '127.0.0.1', options.port ?? 0);
  return emulator;
}

class EmulatorServer implements GeminiEmulator {
  readonly setups: unknown[] = [];
  readonly violations: string[] = [];
  readonly textRequests: unknown[] = [];
  readonly #server: Server;
  readonly #webSockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  readonly #nextScript: () => ConnectionScript;
  readonly #connectionOptions: GeminiConnectionOptions;
  /** TCP connections whose upgrade is never answered. */
  readonly #unanswered = new Set<Duplex>();
  /** Address that the server listens on. Stored, because `address()` returns null after `close()`. */
  #address: AddressInfo = { address: '', family: 'IPv4', port: 0 };

  constructor(options: GeminiEmulatorOptions) {
    const { pace = DEFAULT_PACE, lifetimeMs = 0, toolWaitMs = DEFAULT_TOOL_WAIT_MS } = options;
    if (!(pace > 0)) throw new RangeError(`pace must be a number above 0, not ${pace}`);
    if (!(lifetimeMs >= 0)) throw new RangeError(`lifetimeMs must be 0 or more, not ${lifetimeMs}`);
    if (options.model !== undefined && !isLiveModel(options.model))
      throw new RangeError(`model must be the name of a live model of Gemini, not "${options.model}"`);
    this.#nextScript = createScenarioPlayer(readScenario(options.scenario ?? []));
    this.#connectionOptions = {
      handles: createResumptionHandles(),
      apiKey: options.apiKey,
      model: options.model,
      pace,
      toolWaitMs,
      lifetimeMs,
      strict: options.strict ?? false,
      onSetup: (setup) => appendCapped(this.setups, setup),
      onViolation: (text) => appendCapped(this.violations, text),
    };
    const texts = new TextEndpoint({
      apiKey: options.apiKey,
      answers: options.textAnswers ?? [],
      onRequest: (body) => appendCapped(this.textRequests, body),
    });
    this.#server = createServer((request, response) => {
      if (texts.handle(request, response)) return;
      response
        .writeHead(404, { 'content-type': 'text/plain' })
        .end('This is a Gemini Live emulator: WebSocket, and generateContent of text models.\n');
    });
    this.#server.on('upgrade', (request, socket, head) => this.#handleUpgrade(request, socket, head));
  }

  get url(): string {
    const { address, family, port } = this.#address;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  get port(): number {
    return this.#address.port;
  }

  get connections(): number {
    return this.#webSockets.clients.size;
  }

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    // A listening TCP server has an AddressInfo, not the name of a pipe.
    this.#address = this.#server.address() as AddressInfo;
  }

  close(): Promise<void> {
    for (const client of this.#webSockets.clients) client.terminate();
    for (const socket of this.#unanswered) socket.destroy();
    this.#webSockets.close();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Handle the error of a peer that disconnects before it is answered.
    socket.on('error', () => socket.destroy());
    const endpoint = readEndpoint(request);
    if (!endpoint) refuseUpgrade(socket, 404);
    else if (this.#webSockets.clients.size >= MAX_CONNECTIONS) refuseUpgrade(socket, 503);
    else {
      const script = this.#nextScript();
      const [fault] = script.reach('upgrade');
      if (fault !== undefined) this.#injectFault(socket, fault);
      else
        this.#webSockets.handleUpgrade(request, socket, head, (webSocket) =>
          new GeminiConnection({ webSocket, stream: socket }, endpoint, script, this.#connectionOptions).start(),
        );
    }
  }

  /** Injects the fault that the scenario has for an upgrade. */
  #injectFault(socket: Duplex, fault: ScenarioAction): void {
    if (fault === 'silence') {
      this.#unanswered.add(socket);
      socket.once('end', () => socket.destroy()).once('close', () => this.#unanswered.delete(socket));
      stopListening(socket);
    } else if (typeof fault === 'object' && 'refuse' in fault) refuseUpgrade(socket, fault.refuse);
    else socket.destroy();
  }
}

function appendCapped<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > MAX_RECORDED) list.shift();
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    () => socket.destroy(),
  );
}
