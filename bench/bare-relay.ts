/**
 * The least that does the same work: node:http and ws, no framework, no log, no limits, nothing that survives a lost connection. What ours
 * costs is given as a multiple of this. Prints its address.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';

const upstreamUrl = `ws://127.0.0.1:${process.argv[2]}/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=k`;
const sessions = new Map<string, WebSocket>();

// A client waits for its turn between two rounds: as long as ours keeps its connection.
const server = createServer({ keepAliveTimeout: 75_000 }, (req, res) => {
  const [, route, user = ''] = (req.url ?? '').split('?')[0]?.split('/') ?? [];
  if (route === 'events') open(user, res);
  else if (route === 'send') {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const { data } = JSON.parse(Buffer.concat(chunks).toString());
      sessions
        .get(user)
        ?.send(JSON.stringify({ realtimeInput: { audio: { data, mimeType: 'audio/pcm;rate=16000' } } }));
      const body = '{"status":"sent"}';
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
      res.end(body);
    });
  } else res.writeHead(200).end('ok');
});

function open(user: string, res: ServerResponse): void {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  res.flushHeaders();
  const upstream = new WebSocket(upstreamUrl, { perMessageDeflate: false });
  sessions.set(user, upstream);
  upstream.on('open', () => upstream.send(JSON.stringify({ setup: { model: 'models/m' } })));
  upstream.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString());
    if (message.setupComplete) res.write('event: ready\ndata: {}\n\n');
    for (const part of message.serverContent?.modelTurn?.parts ?? []) {
      res.write(`data: ${JSON.stringify({ mime_type: 'audio/pcm', data: part.inlineData.data })}\n\n`);
    }
  });
  res.on('close', () => upstream.close());
}

server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
