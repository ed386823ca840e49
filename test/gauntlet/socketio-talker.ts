import { io, type Socket } from 'socket.io-client';
import type { SocketIoDown, SocketIoUp } from './socketio-server.ts';
import type { OpenTalker } from './talker.ts';

/**
 * socket.io's client with its defaults, and with `retries` and `ackTimeout` as its documentation has them for delivery at least once. With
 * them it emits one thing at a time, in order, and waits until that is acknowledged.
 */
export const openSocketIo: OpenTalker = async ({ url, agent }, _profile, userId, ear) => {
  const socket: Socket<SocketIoDown, SocketIoUp> = io(url, {
    // Each a connection of its own, whatever has been connected to this address before.
    forceNew: true,
    auth: { user: userId },
    ackTimeout: 10_000,
    retries: 3,
    // In Node it is one of node:http's, as documented; the types know only the browser's.
    ...(agent ? { agent: agent as unknown as string } : {}),
  });
  socket.on('audio', (pcm) => ear.audio(pcm));
  socket.on('text', (words) => ear.words(words));
  socket.on('turn_complete', () => ear.turnComplete());
  let emitted = 0;
  return {
    text: (text) => socket.emit('text', ++emitted, text, () => undefined),
    audio: (pcm) => socket.emit('audio', ++emitted, pcm, () => undefined),
    get rung() {
      return socket.io.engine.transport.name;
    },
    close: () => socket.close(),
  };
};
