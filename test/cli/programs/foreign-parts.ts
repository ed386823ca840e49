/** A program that runs the server with a runner, a store and a logger of its own, all of which make mistakes. Prints the address. */
import {
  createMemoryStore,
  installFaultHandlers,
  type LiveRunner,
  type Logger,
  readConfig,
  type SessionStore,
  startServer,
} from 'bidi-sse';

const throwLater = (message: string) =>
  setTimeout(() => {
    throw new Error(message);
  }, 5);

let count = 0;
const createEvent = (fields: object) => {
  count += 1;
  return { id: `e${count}`, invocationId: 'i', author: 'echo', timestamp: Date.now() / 1000, ...fields };
};

/** Repeats each message. At `fail` it throws in a timer, and never answers. */
const runner: LiveRunner = {
  card: { appName: 'app', agent: 'echo', model: 'none', audioOnly: false, inputRate: 16_000, outputRate: 24_000 },
  async *runLive({ liveRequestQueue }) {
    for (let request = await liveRequestQueue.get(); request; request = await liveRequestQueue.get()) {
      const text = request.content?.parts?.[0]?.text ?? '';
      if (text === 'fail') {
        throwLater('the runner has failed');
        await new Promise(() => {});
      }
      yield createEvent({ content: { role: 'model', parts: [{ text: `You said: ${text}` }] }, partial: true });
      yield createEvent({ turnComplete: true });
    }
  },
};

const memory = createMemoryStore();
const store: SessionStore = {
  load: async (key, options) => {
    void Promise.reject(new Error('the store has left a rejection'));
    return memory.load(key, options);
  },
  readEvents: (key, page) => memory.readEvents(key, page),
  loadState: (appName, userId) => memory.loadState(appName, userId),
  commit: async (key, turn) => {
    throwLater('the store has failed');
    await memory.commit(key, turn);
  },
  list: (appName, userId, page) => memory.list(appName, userId, page),
  listOldest: (appName, options) => memory.listOldest(appName, options),
  measureUser: (appName, userId) => memory.measureUser(appName, userId),
  rename: (key, title) => memory.rename(key, title),
  delete: (key) => memory.delete(key),
  close: () => memory.close(),
};

const throwNow = () => {
  throwLater('the logger has failed later');
  throw new Error('the logger has failed');
};
const brokenLogger = {
  debug: throwNow,
  info: throwNow,
  warn: throwNow,
  error: throwNow,
  child: () => brokenLogger,
};

const server = await startServer({
  runner,
  store,
  logger: brokenLogger as unknown as Logger,
  config: readConfig({ DATABASE_URL: 'memory:', PORT: '0' }),
});
installFaultHandlers({
  logger: { error: (details, message) => console.log(message, details) },
  onServerFault: () => process.exit(70),
});
process.on('SIGTERM', () => server.close().then(() => process.exit(0)));
console.log(`bidi-sse 0 ${server.url}`);
