/**
 * The least that carries voice between a browser and the upstream over WebSocket: ws, no framework, no log, no limits, nothing that survives
 * a lost connection. Parses each message and writes it in the JSON of the other side, because the two sides have different messages; checks none.
 * Prints its address.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

const upstreamUrl = `ws://127.0.0.1:${process.argv[2]}/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=k`;

const server = createServer();
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (browser) => {
  const upstream = new WebSocket(upstreamUrl, { perMessageDeflate: false });
  // What the browser says waits in the network until the upstream can be told.
  browser.pause();
  upstream.on('open', () => upstream.send(JSON.stringify({ setup: { model: 'models/m' } })));
  upstream.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString());
    if (message.setupComplete) {
      browser.send('{"status":"ready"}');
      browser.resume();
    }
    for (const part of message.serverContent?.modelTurn?.parts ?? []) {
      browser.send(JSON.stringify({ mime_type: 'audio/pcm', data: part.inlineData.data }));
    }
  });
  browser.on('message', (text: Buffer) => {
    const { data } = JSON.parse(text.toString());
    upstream.send(JSON.stringify({ realtimeInput: { audio: { data, mimeType: 'audio/pcm;rate=16000' } } }));
  });
  browser.on('close', () => upstream.close());
});

server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
