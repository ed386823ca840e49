import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startScriptedGemini } from '../models/gemini/scripted-gemini.ts';
import { secret } from '../secrets.ts';
import { say } from './requests.ts';
import { openStream } from './sse-client.ts';
import { afterTest, startTestServer, waitFor } from './test-server.ts';

/** A close reason has at most 123 bytes. */
const hidden = secret.map((text) => text.slice(0, 90));
const phrase = fc.constantFrom('', 'API key not valid: ', 'Internal error for ', 'quota of ', 'models/x not found: ');
const code = fc.constantFrom(1000, 1003, 1007, 1008, 1011, 4001);

test('no secret in a text of the provider appears on the wire or in the log, wherever the provider sends it', async () => {
  const samples = fc.sample(fc.record({ hidden, phrase, code }), 4);
  for (const { hidden: text, phrase: words, code: closeCode } of samples) {
    const provider = await startScriptedGemini();
    afterTest(() => provider.close());
    const environment = { GOOGLE_GEMINI_BASE_URL: provider.url, GOOGLE_API_KEY: 'another-key-of-the-test' };
    const server = await startTestServer(environment, { emulator: 'none' });
    const stream = await openStream(`${server.url}/events/me`);
    await say(server, 'hello');
    const peer = await provider.connection(0);
    peer.send(`not JSON: ${text}`);
    peer.send({ usageMetadata: { promptTokenCount: 1, trafficType: text, note: text } });
    peer.send({ usageMetadata: { promptTokensDetails: [{ modality: text, tokenCount: text, note: text }] } });
    peer.send({ sessionResumptionUpdate: { newHandle: text, resumable: true } });
    peer.send({ voiceActivity: { type: text, audioOffset: text } });
    peer.send({ setupComplete: { sessionId: text } });
    peer.send({ goAway: { timeLeft: text, note: text }, note: text });
    peer.send({
      serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: `audio/pcm;${text}`, data: 'AA==' } }] } },
    });
    peer.send({
      serverContent: { groundingMetadata: { searchEntryPoint: text, webSearchQueries: ['q'], note: text } },
    });
    peer.send({ serverContent: { turnComplete: true, turnCompleteReason: text } });
    await stream.until('the end of the turn', () => stream.text.includes('"turn_complete":true'));
    // Each new connection is closed with a reason, until the run fails.
    let seen = 0;
    await waitFor('the failure', () => {
      for (; seen < provider.connections.length; seen += 1)
        provider.connections[seen]?.closeWith(closeCode, words + text);
      return stream.named('failure').length > 0;
    });
    await server.close();
    expect(stream.text + server.logs.join('')).not.toContain(text);
    expect(server.logs.join('')).toContain('discarded a frame of the provider');
  }
});
