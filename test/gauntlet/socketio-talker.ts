import { io, type Socket } from 'socket.io-client';
import type { SocketIoDown, SocketIoUp } from './socketio-server.ts';
import type { OpenTalker } from './talker.ts';

/**
 * Opens socket.io's client with its defaults, and with `retries` and `ackTimeout` as its documentation recommends for delivery at least
 * once. With these settings it sends one message at a time and waits for the acknowledgement.
 */
export const openSocketIo: OpenTalker = async ({ url, agent }, _profile, userId, ear) => {
  const socket: Socket<SocketIoDown, SocketIoUp> = io(url, {
    // Open a separate connection, even to an address with an existing one.
    forceNew: true,
    auth: { user: userId },
    ackTimeout: 10_000,
    retries: 3,
    // Cast the agent: Node's documentation allows one of node:http, but the types know only the browser's.
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
