import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, jest, test } from '@jest/globals';
import { BodyBudget } from '../../src/http/body-budget.ts';
import { FrameLimiter } from '../../src/http/frame-limiter.ts';
import type { ServedSocket } from '../../src/http/served-socket.ts';
import { MemoryBudget } from '../../src/session/memory-budget.ts';
import { afterTest } from './test-server.ts';

const MEBIBYTE = 1024 * 1024;

/** A WebSocket as far as its limiter sees it. */
class FakeSocket extends EventEmitter {
  readonly isPaused = false;
  readonly terminate = jest.fn();
}

function startLimiter() {
  const memory = new MemoryBudget(1024 * MEBIBYTE);
  const bodies = new BodyBudget({ maxBytes: 4 * MEBIBYTE, idleMs: 30_000 }, memory);
  afterTest(() => bodies.close());
  const socket = new FakeSocket();
  const connection = new PassThrough().resume();
  const limiter = new FrameLimiter(socket as unknown as ServedSocket, bodies, { clientAddress: 'a', userId: 'me' });
  limiter.start(connection);
  return { memory, socket, receive: (bytes: number) => connection.emit('data', Buffer.alloc(bytes)) };
}

test('the chunks of a frame count with what each of them takes in memory, until the frame is complete', () => {
  const { memory, socket, receive } = startLimiter();
  for (let count = 0; count < 1_000; count += 1) receive(1);
  expect(memory.used).toBeGreaterThan(500_000);
  socket.emit('message');
  expect(memory.used).toBe(0);
  receive(10);
  socket.emit('close');
  expect(memory.used).toBe(0);
  expect(socket.terminate).not.toHaveBeenCalled();
});

test('a ping between the fragments of a message does not end what the message counts', () => {
  const { memory, socket, receive } = startLimiter();
  receive(1_000);
  for (const control of ['ping', 'pong']) {
    receive(6 + 4);
    socket.emit(control, Buffer.alloc(4));
    expect(memory.used).toBeGreaterThan(1_000);
  }
  socket.emit('message');
  expect(memory.used).toBe(0);
  receive(6);
  expect(memory.used).toBeGreaterThan(0);
  socket.emit('ping', Buffer.alloc(0));
  expect(memory.used).toBe(0);
});

test('a frame that takes more memory than all bodies may is terminated', () => {
  const { memory, socket, receive } = startLimiter();
  for (let count = 0; count < 70_000; count += 1) receive(1);
  expect(socket.terminate).toHaveBeenCalled();
  expect(memory.used).toBeLessThan(32 * MEBIBYTE);
});
