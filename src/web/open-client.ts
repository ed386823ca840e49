import type { Signal } from '@preact/signals';
import type { Client, ClientOptions, Refusal, Rung, Traffic } from '../client/index.ts';
// Not of the index, which has parts of the SDK that the page loads later, or does not need.
import { LiveClient } from '../client/live-client.ts';
import { type ConnectionState, stateAfterRetry, toConnectionState } from './connection-state.ts';
import { createRefusedNotice, type Notice } from './notice.ts';
import { EVENT_NAMES, type ServerEvent } from './server-event.ts';

/** Receiver of everything that a client reports. */
export interface ClientListener {
  onEvent(event: ServerEvent): void;
  onConnection(state: ConnectionState): void;
  /** Transport of the down connection. */
  readonly rung: Signal<Rung>;
  /** Called when the server refuses the client for good. */
  onRejected(client: Client, refusal: Refusal): void;
  onNotice(notice: Notice): void;
  /** Called when speech of the user is dropped, because it cannot be sent in time. */
  onSpeechDropped(): void;
  /** Called with every message that is sent or received. */
  onTraffic(traffic: Traffic): void;
}

/** Opens a client of the page's own server. */
export function openClient(options: Omit<ClientOptions, 'url'>, listener: ClientListener): Client {
  const client = new LiveClient({ url: '', ...options });
  for (const name of EVENT_NAMES) client.on(name, (data) => listener.onEvent({ name, data } as ServerEvent)); // data is that of the name
  client.on('state', (state) => {
    if (state !== 'closed' && state !== 'failed') listener.onConnection(toConnectionState(state));
  });
  client.on('rejected', (refusal) => listener.onRejected(client, refusal));
  client.on('retry', (retry) => listener.onConnection(stateAfterRetry(retry)));
  client.on('rung', (rung) => {
    listener.rung.value = rung;
  });
  client.on('audio_dropped', () => listener.onSpeechDropped());
  client.on('refused', ({ error, hint }) => listener.onNotice(createRefusedNotice(error, hint)));
  client.on('traffic', (traffic) => listener.onTraffic(traffic));
  listener.rung.value = client.statistics.rung;
  return client;
}
