/** Talkers over HTTP, ten POSTs a second each: `http-talk.ts ADDRESS TALKERS json|raw`. */
import { everyTenth, serveLoad } from './load.ts';
import { openClient, type Uplink } from './voice-client.ts';

export interface HttpTalk {
  readonly trips: number;
  /** 99th percentile of the time from a POST to its answer in the stream, in ms. */
  readonly p99: number;
}

const [address = '', talkers = '', uplink = 'json'] = process.argv.slice(2);
const clients = await Promise.all(
  Array.from({ length: Number(talkers) }, (_, index) => openClient(address, `${uplink}-${index}`, uplink as Uplink)),
);

serveLoad<HttpTalk>(async (ms) => {
  const times: number[] = [];
  await everyTenth(clients, ms, async (client) => {
    const began = performance.now();
    await client.roundTrip();
    times.push(performance.now() - began);
  });
  times.sort((a, b) => a - b);
  return { trips: times.length, p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN };
});
