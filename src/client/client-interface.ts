import type { Speech } from './client-options.ts';
import type { ClientToolFunction } from './client-tools.ts';
import type { ClientEvents, ClientState, Item, Statistics } from './events.ts';
import type { Pcm16 } from './pcm-bytes.ts';
import type { Refusal, SendResult } from './send-result.ts';

/** Client of one live session. */
export interface Client {
  /** Calls `listener` for every event of that name. @returns a function that removes the listener */
  on<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): () => void;
  /**
   * Sends a text, an image or a LiveRequest. The client repeats it until the server answers, however long that takes.
   * @returns the result; the promise never rejects. If the client fails or is closed before the answer, the result is `sent: false`
   */
  send(item: Item): Promise<SendResult>;
  /**
   * Sends PCM16, mono, 16 kHz: samples, or their bytes in little endian. Beyond 2 s of audio that waits to be sent, the oldest is dropped
   * (`audio_dropped`). An odd last byte is dropped. The audio is not copied, so the buffer must not be changed afterwards.
   * @throws {TypeError} for any other type, as Float32Array
   */
  sendAudio(pcm: Pcm16): void;
  /**
   * Runs a tool of the agent that clients run (`clientTool`). `run` is called once for each call, also if connections are lost and replayed, and its
   * result is sent exactly once. Add tools right after `createClient`. If several clients have the tool, each runs it, and the first result counts.
   * @param run receives the arguments, which the server has checked against the schema of the tool
   * @returns a function that removes the tool
   * @throws {TypeError} if `run` is no function, or this client has a tool with this name
   */
  tool<Args = Record<string, unknown>>(name: string, run: ClientToolFunction<Args>): () => void;
  /** Drops the audio that waits to be sent, for example when the microphone is switched off. */
  forgetAudio(): void;
  /** Stops the current reply. @param playedMs how much of it was played, in ms */
  interrupt(playedMs?: number): Promise<SendResult>;

  /**
   * Answers a call that runs only if the user confirms it (`tool_call` with `confirm`). The first answer of all clients counts; `tool_confirmed` tells
   * all of them.
   * @param id id of the call
   * @param ok whether the call may run
   * @returns a refusal with `tool_call_not_open` if the call waits for no answer any more
   * @throws {TypeError} if an argument has the wrong type
   */
  confirmTool(id: string, ok: boolean): Promise<SendResult>;
  /**
   * Has the agent answer in audio, or in text without audio for this client (see the option `isAudio`). Items that are sent meanwhile wait.
   * @returns a promise that resolves when the server has applied it, or when the client has ended
   * @throws {TypeError} if `isAudio` is no boolean
   */
  setAudio(isAudio: boolean): Promise<void>;
  /**
   * Has the agent speak in another voice or language. The server replaces the connection to the model and keeps the conversation. Items that are sent
   * meanwhile wait. What is absent stays as it is until a new live session begins, which has the agent's own.
   * @returns a promise that resolves when the server has applied it, or when the client has ended. The client ends with the state `failed` if the
   * model has no such voice or language
   * @throws {TypeError} if a field is neither absent nor a text that is not empty
   */
  setSpeech(speech: Speech): Promise<void>;
  /** Opens a new connection without delay, also after `pause`. Does nothing in a final state. */
  reconnect(): void;
  /**
   * Closes the connection down until `reconnect` or `setAudio` is called, for example while a page is hidden: a browser opens only six connections to a
   * server over HTTP/1.1. Events are kept for the client as long as the live session lasts without it (`limits.linger_ms`), and arrive afterwards;
   * later ones as `reset`. Sending goes on. Does nothing in a final state.
   */
  pause(): void;
  /** Closes the connection and drops what is not sent. The live session lingers; `send({ close: true })` ends it. */
  close(): void;
  readonly state: ClientState;
  /** Why the client has failed; `undefined` in any state other than `failed`. */
  readonly rejection: Refusal | undefined;
  readonly statistics: Statistics;
}
