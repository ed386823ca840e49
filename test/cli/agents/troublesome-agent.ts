/** An agent whose tools make each of the mistakes by which code of an author could end a process. */
import { EventEmitter } from 'node:events';
import { Agent, tool } from 'bidi-sse';

/** Created when the process starts, outside of every call, as a pool of database connections is. */
const pool = new EventEmitter();
setInterval(() => pool.emit('tick'), 20).unref();

const pending = (): Promise<never> => new Promise(() => {});
const throwLater = (error: unknown): Promise<never> => {
  setTimeout(() => {
    throw error;
  }, 10);
  return pending();
};

const tools: Record<string, (signal: AbortSignal) => unknown> = {
  throw_oddity: () => {
    throw Object.create(null);
  },
  throw_in_timer: () => throwLater(new Error('thrown in a timer')),
  throw_null_in_timer: () => throwLater(null),
  throw_proxy_in_timer: () =>
    throwLater(
      new Proxy(
        {},
        {
          get() {
            throw new Error('no');
          },
          getPrototypeOf() {
            throw new Error('no');
          },
        },
      ),
    ),
  throw_in_tick: () => {
    process.nextTick(() => {
      throw new Error('thrown in a tick');
    });
    return pending();
  },
  emit_error: () => {
    setImmediate(() => new EventEmitter().emit('error', new Error('nobody listens')));
    return pending();
  },
  leave_rejection: () => {
    void Promise.reject(new Error('left alone'));
    return pending();
  },
  reject_by_pool: () => {
    // The promise belongs to the call, and is rejected by code that belongs to none.
    void new Promise((_resolve, reject) => pool.once('tick', () => reject(new Error('the pool is empty'))));
    return pending();
  },
  answer_then_throw: () => {
    const timer = setInterval(() => {
      throw new Error('thrown again and again');
    }, 5);
    setTimeout(() => clearInterval(timer), 200);
    return 'answered';
  },
  throw_when_stopped: (signal) => {
    signal.addEventListener('abort', () => {
      throw new Error('thrown by a listener');
    });
    return pending();
  },
  return_giant: () => Buffer.alloc(512 * 1024 * 1024),
};

/** Fails outside of every call, as code at the top of a module does. */
pool.once('end', () => {
  setTimeout(() => {
    throw new Error('this belongs to nobody');
  }, 10);
});

export const rootAgent: Agent = new Agent({
  name: 'troublesome_agent',
  tools: [
    ...Object.entries(tools).map(([name, execute]) =>
      tool({
        name,
        description: 'Makes a mistake.',
        timeoutMs: 500,
        execute: (_args, { signal }) => execute(signal),
      }),
    ),
  ],
});

process.on('SIGUSR2', () => pool.emit('end'));
