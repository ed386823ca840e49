import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { WebSocket } from 'ws';
import type { NumberedModel } from './numbered-model.ts';
import { HEARD_HZ } from './numbers.ts';

/** What waits until the model listens, in messages: 20 s of audio. */
const MOST_WAITING = 200;

/** What goes up: `number` counts what one client has emitted, from 1. */
export interface SocketIoUp {
  audio(number: number, pcm: Uint8Array, acknowledge: () => void): void;
  text(number: number, text: string, acknowledge: () => void): void;
}

export interface SocketIoDown {
  audio(pcm: Uint8Array): void;
  text(words: string): void;
  turn_complete(): void;
}

/**
 * The same model behind socket.io 4: its defaults, and what its documentation advises so that nothing is lost. Down: connection state
 * recovery. Up: its client sends again what is not acknowledged, and here a number that was had before is dropped.
 * @returns its port on 127.0.0.1
 */
export async function startSocketIoServer(model: NumberedModel, stack: AsyncDisposableStack): Promise<number> {
  const http = createServer((_request, response) => response.end());
  const io = new Server<SocketIoUp, SocketIoDown>(http, {
    // As the documentation has them.
    connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1_000, skipMiddlewares: true },
  });
  const talks = new Map<string, Talk>();
  io.on('connection', (socket) => {
    const { user } = socket.handshake.auth;
    // By user, not by socket: if its state could not be recovered, it goes on with the same model nevertheless, and has lost what it missed.
    const talk = talks.get(user) ?? openTalk(model, (down) => down(io.to(user)));
    talks.set(user, talk);
    void socket.join(user);
    const take = (number: number, realtimeInput: object, acknowledge: () => void) => {
      if (number > talk.heard) talk.say(realtimeInput);
      talk.heard = Math.max(talk.heard, number);
      acknowledge();
    };
    socket.on('audio', (number, pcm, acknowledge) => {
      const data = Buffer.from(pcm).toString('base64');
      take(number, { audio: { mimeType: `audio/pcm;rate=${HEARD_HZ}`, data } }, acknowledge);
    });
    socket.on('text', (number, text, acknowledge) => take(number, { text }, acknowledge));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  stack.defer(async () => {
    for (const talk of talks.values()) talk.close();
    await io.close();
  });
  const { port } = http.address() as AddressInfo; // a TCP server that listens has one
  return port;
}

interface Talk {
  /** The highest number so far. */
  heard: number;
  say(realtimeInput: object): void;
  close(): void;
}

type Room = Pick<Server<SocketIoUp, SocketIoDown>, 'emit'>;

/** One connection to the model, as our server would have it. */
function openTalk({ url }: NumberedModel, tell: (down: (room: Room) => void) => void): Talk {
  const upstream = new WebSocket(url);
  const waiting: string[] = [];
  let ready = false;
  upstream.on('error', () => undefined);
  upstream.on('open', () => upstream.send('{"setup":{}}'));
  upstream.on('message', (data) => {
    const { setupComplete, serverContent = {} }: ServerMessage = JSON.parse(String(data));
    if (setupComplete) {
      ready = true;
      for (const message of waiting.splice(0)) upstream.send(message);
    }
    for (const { inlineData } of serverContent.modelTurn?.parts ?? []) {
      tell((room) => room.emit('audio', Buffer.from(inlineData.data, 'base64')));
    }
    const { outputTranscription, turnComplete } = serverContent;
    if (outputTranscription) tell((room) => room.emit('text', outputTranscription.text));
    if (turnComplete) tell((room) => room.emit('turn_complete'));
  });
  return {
    heard: 0,
    say(realtimeInput) {
      const message = JSON.stringify({ realtimeInput });
      if (ready) upstream.send(message);
      else if (waiting.length < MOST_WAITING) waiting.push(message);
      else throw new Error('the model does not listen');
    },
    close: () => upstream.terminate(),
  };
}

/** As much of it as the model here says. */
interface ServerMessage {
  readonly setupComplete?: object;
  readonly serverContent?: {
    readonly modelTurn?: { readonly parts: readonly { readonly inlineData: { readonly data: string } }[] };
    readonly outputTranscription?: { readonly text: string };
    readonly turnComplete?: boolean;
  };
}
