import { createServer, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type GeminiConnectionOptions, serveConnection } from './gemini-connection.ts';
import { readEndpoint } from './gemini-endpoint.ts';
import { createResumptionHandles } from './resumption-handles.ts';
import { readScenario, type Scenario } from './scenario.ts';
import { createScenarioPlayer } from './scenario-player.ts';
import { stopListening } from './socket-trouble.ts';

export interface GeminiEmulatorOptions {
  /** Interface to listen on. Default 127.0.0.1: there is no real authentication. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** If set, every other key is refused as Gemini does (close 1007). Default: any key is taken, none is refused (1008). */
  apiKey?: string;
  /**
   * How much faster than real time speech and text are delivered, after a head start of 0.7 s for speech. Default 1.1: an
   * interruption finds the agent still speaking, and a player's buffer still fills. Tests pass a high number to be quick.
   */
  pace?: number;
  /** How long a tool may take, ms. Default 120,000; then the agent says that it did not answer. */
  toolWaitMs?: number;
  /**
   * A connection's life, ms: goAway comes 50 s before its end (halfway through a shorter one), at the end it is closed with
   * 1008. Default 0: no limit. Gemini's own connections live about 10 minutes.
   */
  lifetimeMs?: number;
  /** What goes wrong, connection by connection. Default: nothing. Some that are ready-made are in `scenarios.ts`. */
  scenario?: Scenario;
  /** Default false. true: closes with 1007, and a text that says why, for what Gemini only tolerates, too: `strict-rules.ts`. */
  strict?: boolean;
}

export interface GeminiEmulator {
  /** `http://host:port`, for GOOGLE_GEMINI_BASE_URL or `httpOptions.baseUrl`. */
  readonly url: string;
  readonly port: number;
  /** WebSockets open now. */
  readonly connections: number;
  /** The setup messages that have come, in their order, refused ones too: the value of `setup` as it was sent. The latest 100. */
  readonly setups: readonly unknown[];
  /**
   * What clients did that the protocol does not allow, each the text of a close with 1007, uncut; with `strict` also that a client
   * stayed after goAway or resumed a session that was still open. The latest 100.
   */
  readonly violations: readonly string[];
  /** Cuts all connections and stops listening, at once. */
  close(): Promise<void>;
}

const DEFAULT_PACE = 1.1;
const DEFAULT_TOOL_WAIT_MS = 120_000;
/** The largest frame taken, bytes: an image of 12 MB in base64. A larger one closes the connection with 1009. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
/** Connections at a time; further ones are answered 503 at the upgrade. */
const MAX_CONNECTIONS = 10_000;
/** Setups and violations kept, of each. */
const MAX_KEPT = 100;

/**
 * Starts a WebSocket server that speaks Gemini Live's protocol (BidiGenerateContent, AI Studio's and Vertex AI's) as the
 * @google/genai SDK expects it, with an agent behind it that needs no model.
 * @throws if the port cannot be had, or an option is not what it must be
 */
export async function startGeminiEmulator(options: GeminiEmulatorOptions = {}): Promise<GeminiEmulator> {
  const { host = '127.0.0.1', port = 0, pace = DEFAULT_PACE } = options;
  if (!(pace > 0)) throw new RangeError(`pace must be a number above 0, not ${pace}`);
  const { lifetimeMs = 0, toolWaitMs = DEFAULT_TOOL_WAIT_MS } = options;
  if (!(lifetimeMs >= 0)) throw new RangeError(`lifetimeMs must be 0 or more, not ${lifetimeMs}`);
  const nextScript = createScenarioPlayer(readScenario(options.scenario ?? []));
  const setups: unknown[] = [];
  const violations: string[] = [];
  /** TCP connections whose upgrade is never answered. */
  const unanswered = new Set<Duplex>();
  const connectionOptions: GeminiConnectionOptions = {
    handles: createResumptionHandles(),
    apiKey: options.apiKey,
    pace,
    toolWaitMs,
    lifetimeMs,
    strict: options.strict ?? false,
    onSetup: (setup) => keep(setups, setup),
    onViolation: (text) => keep(violations, text),
  };
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  const server = createServer((_request, response) => {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('This is a Gemini Live emulator: WebSocket only.\n');
  });
  server.on('upgrade', (request, socket, head) => {
    // The peer may be gone before it is answered.
    socket.on('error', () => socket.destroy());
    const endpoint = readEndpoint(request);
    if (!endpoint) return refuseUpgrade(socket, 404);
    if (sockets.clients.size >= MAX_CONNECTIONS) return refuseUpgrade(socket, 503);
    const script = nextScript();
    const [trouble] = script.reach('upgrade');
    if (trouble === 'drop') return void socket.destroy();
    if (trouble === 'silence') {
      unanswered.add(socket);
      socket.once('end', () => socket.destroy()).once('close', () => unanswered.delete(socket));
      return stopListening(socket);
    }
    if (typeof trouble === 'object' && 'refuse' in trouble) return refuseUpgrade(socket, trouble.refuse);
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      serveConnection({ webSocket, stream: socket }, endpoint, script, connectionOptions),
    );
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A TCP server that listens has an AddressInfo, not a pipe's name.
  const address = server.address() as AddressInfo;
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    port: address.port,
    get connections() {
      return sockets.clients.size;
    },
    setups,
    violations,
    close() {
      for (const client of sockets.clients) client.terminate();
      for (const socket of unanswered) socket.destroy();
      sockets.close();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > MAX_KEPT) list.shift();
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    () => socket.destroy(),
  );
}
