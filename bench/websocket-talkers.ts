import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Child } from './child.ts';

/** 100 ms of 16 kHz PCM in base64. */
const SPEECH = Buffer.alloc((16_000 / 10) * 2, 3).toString('base64');
/** Part of each message with speech of the agent, in every dialect. */
const ANSWER = Buffer.from('"audio/pcm');
const TALKERS = 8;

/** A page that talks over a bare WebSocket: its dialect, and the message in which it sends 100 ms of speech. */
export interface TalkingPage {
  readonly dialect: 'plain' | 'adk' | 'agentscope';
  readonly message: string;
}

/** The page of ADK's WebSocket sample. */
export const PLAIN: TalkingPage = {
  dialect: 'plain',
  message: JSON.stringify({ mime_type: 'audio/pcm', data: SPEECH }),
};
/** The dev page of ADK. The page of bidi-demo sends binary frames of 8 ms instead, which are another kind of work. */
export const ADK: TalkingPage = {
  dialect: 'adk',
  message: JSON.stringify({ blob: { mime_type: 'audio/pcm;rate=16000', data: SPEECH } }),
};
/** The page of AgentScope. */
export const AGENTSCOPE: TalkingPage = {
  dialect: 'agentscope',
  message: JSON.stringify({
    type: 'client_audio_append',
    session_id: 'default',
    audio: SPEECH,
    format: { rate: 16_000, type: 'audio/pcm' },
  }),
};

/**
 * Opens the WebSockets of several users of one page.
 * @returns a function that has them talk for one round, and returns the CPU of the server per round trip in µs
 */
export async function openTalkers(child: Child, page: TalkingPage, roundMs: number): Promise<() => Promise<number>> {
  const { dialect, message } = page;
  const sockets = await Promise.all(
    Array.from({ length: TALKERS }, (_, index) =>
      openSocket(`${child.address}/ws/${dialect}-${index}?is_audio=true&dialect=${dialect}`),
    ),
  );
  return async () => {
    const before = child.cpuMs();
    const until = performance.now() + roundMs;
    const trips = await Promise.all(sockets.map((socket) => talk(socket, message, until)));
    return ((child.cpuMs() - before) * 1000) / trips.reduce((sum, count) => sum + count, 0);
  };
}

async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}

/** Sends a message after each answer. @returns the number of answers */
function talk(socket: WebSocket, message: string, until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0;
    const onMessage = (data: Buffer) => {
      if (!data.includes(ANSWER)) return;
      count += 1;
      if (performance.now() < until) socket.send(message);
      else {
        socket.off('message', onMessage);
        socket.off('close', onClose);
        resolve(count);
      }
    };
    const onClose = () => reject(new Error('the server closed a WebSocket'));
    socket.on('message', onMessage);
    socket.once('close', onClose);
    socket.send(message);
  });
}
