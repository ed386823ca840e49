import { fileURLToPath } from 'node:url';
import { type Context, createContext, runInContext } from 'node:vm';
import { build, type Plugin } from 'esbuild';
import type { Client, ClientOptions } from '../../../src/client/index.ts';
import { Blob, createXmlHttpRequest, FileReader, WebSocket } from './native-network.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** What V8 has and Hermes, the engine of React Native, has not. */
const NOT_IN_HERMES = `
  for (const name of ['Atomics', 'Iterator', 'SharedArrayBuffer', 'Temporal', 'WebAssembly']) delete globalThis[name];
  delete Array.fromAsync; delete Map.groupBy; delete Object.groupBy; delete Promise.try; delete Promise.withResolvers; delete RegExp.escape;
  for (const name of ['difference', 'intersection', 'union', 'isSubsetOf']) delete Set.prototype[name];
  for (const name of ['toBase64', 'toHex']) delete Uint8Array.prototype[name];`;

/** What an app loads first: React Native's fetch and AbortController are these packages. */
const CORE = `
  import { AbortController, AbortSignal } from 'abort-controller/dist/abort-controller.mjs';
  import 'whatwg-fetch';
  Object.assign(globalThis, { AbortController, AbortSignal });`;

/** Getters of URL that throw in React Native. @see its Libraries/Blob/URL.js before version 0.80 */
const MISSING_GETTERS = [
  'hash',
  'host',
  'hostname',
  'origin',
  'password',
  'pathname',
  'port',
  'protocol',
  'search',
  'username',
];

/** An app of React Native: a program in a realm that has the globals of React Native and no others. */
export interface App<Exports = { createClient(options: ClientOptions): Client }> {
  /** What the program exports. */
  readonly exports: Exports;
  /** Names of its globals. */
  readonly globals: readonly string[];
  /** Addresses that its fetch has requested. */
  readonly urls: readonly string[];
}

export interface AppOptions {
  /** Default: a program that exports the SDK. */
  readonly program?: string;
  /** Code of modules that the program imports, by name. */
  readonly modules?: Readonly<Record<string, string>>;
  /** Default: one that connects. */
  readonly WebSocket?: typeof WebSocket;
}

export async function createApp<Exports = { createClient(options: ClientOptions): Client }>({
  program = "export { createClient } from 'bidi-sse/client';",
  modules = {},
  WebSocket: WebSocketClass = WebSocket,
}: AppOptions = {}): Promise<App<Exports>> {
  const urls: string[] = [];
  const context = createContext({});
  runInContext(NOT_IN_HERMES, context);
  installGlobals(context, urls, WebSocketClass);
  runInContext(await bundle(program, modules), context);
  return {
    exports: context.app as Exports, // the name that the bundle gives them
    globals: runInContext('Object.getOwnPropertyNames(globalThis)', context),
    urls,
  };
}

/** Bundles a program into one script, as Metro does. */
async function bundle(program: string, modules: Readonly<Record<string, string>>): Promise<string> {
  const provided: Plugin = {
    name: 'provided',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /.*/ }, ({ path }) => (path in modules ? { path, namespace: 'provided' } : undefined));
      onLoad({ filter: /.*/, namespace: 'provided' }, ({ path }) => ({ contents: modules[path] }));
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: `${CORE}\n${program}`, resolveDir: ROOT, loader: 'ts' },
    alias: { 'bidi-sse/client': './src/client/index.ts' },
    plugins: [provided],
    bundle: true,
    format: 'iife',
    globalName: 'app',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

function installGlobals(context: Context, urls: string[], WebSocketClass: typeof WebSocket): void {
  const timers = new Map<number, NodeJS.Timeout>();
  const clear = (id: number) => {
    clearTimeout(timers.get(id));
    timers.delete(id);
  };
  // A timer of React Native is a number.
  const start = (callback: () => void, ms?: number) => {
    const timer = setTimeout(callback, ms);
    timers.set(Number(timer), timer);
    return Number(timer);
  };
  Object.assign(context, {
    global: context,
    window: context,
    self: context,
    console,
    navigator: { product: 'ReactNative' },
    performance: { now: () => performance.now() },
    queueMicrotask,
    setTimeout: start,
    clearTimeout: clear,
    Blob,
    FileReader,
    XMLHttpRequest: createXmlHttpRequest({ urls }),
    WebSocket: WebSocketClass,
    URL: createUrlClass(),
    URLSearchParams: ReactNativeSearchParams,
  });
}

/** Has no `get`, `set`, `has` and `delete`, reads no text, and encodes nothing. */
class ReactNativeSearchParams {
  readonly #pairs: (readonly string[])[] = [];

  constructor(parameters?: unknown) {
    if (typeof parameters === 'object')
      this.#pairs.push(...Object.entries({ ...parameters }).map((pair) => pair.map(String)));
  }

  append(name: string, value: string): void {
    this.#pairs.push([name, value]);
  }

  toString(): string {
    return this.#pairs.map((pair) => pair.join('=')).join('&');
  }
}

function createUrlClass(): object {
  class ReactNativeUrl {
    readonly #url: string;

    constructor(url: string) {
      this.#url = url.endsWith('/') ? url : `${url}/`;
    }

    get href(): string {
      return this.#url;
    }

    toString(): string {
      return this.#url;
    }
  }
  for (const name of MISSING_GETTERS) {
    Object.defineProperty(ReactNativeUrl.prototype, name, {
      get() {
        throw new Error(`URL.${name} is not implemented`);
      },
    });
  }
  return ReactNativeUrl;
}
