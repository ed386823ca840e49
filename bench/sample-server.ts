/**
 * A server as the samples of Google's ADK write it, with the usual libraries: Express for the two routes, @google/genai for the model, one live
 * session per stream, no log, no limits. Prints its address.
 */
import type { AddressInfo } from 'node:net';
import { GoogleGenAI, Modality, type Session } from '@google/genai';
import express from 'express';

const ai = new GoogleGenAI({
  apiKey: 'k',
  apiVersion: 'v1beta',
  httpOptions: { baseUrl: `http://127.0.0.1:${process.argv[2]}` },
});
const activeSessions = new Map<string, Session>();
const app = express();
app.use(express.json({ limit: '4mb' }));

app.get('/events/:userId', async (req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  res.flushHeaders();
  const session = await ai.live.connect({
    model: 'gemini-live-2.5-flash-preview',
    config: { responseModalities: [Modality.AUDIO], inputAudioTranscription: {}, outputAudioTranscription: {} },
    callbacks: {
      onmessage({ serverContent }) {
        for (const part of serverContent?.modelTurn?.parts ?? []) {
          if (!part.inlineData) continue;
          res.write(`data: ${JSON.stringify({ mime_type: 'audio/pcm', data: part.inlineData.data })}\n\n`);
        }
        if (serverContent?.turnComplete || serverContent?.interrupted) {
          const { turnComplete = null, interrupted = null } = serverContent;
          res.write(`data: ${JSON.stringify({ turn_complete: turnComplete, interrupted })}\n\n`);
        }
      },
    },
  });
  activeSessions.set(req.params.userId, session);
  res.on('close', () => session.close());
  res.write('event: ready\ndata: {}\n\n');
});

app.post('/send/:userId', (req, res) => {
  const session = activeSessions.get(req.params.userId);
  if (!session) {
    res.status(404).json({ error: 'Session not found' });
    return;
  }
  const { mime_type: mimeType, data } = req.body as { mime_type: string; data: string };
  if (mimeType === 'text/plain') session.sendClientContent({ turns: [{ role: 'user', parts: [{ text: data }] }] });
  else session.sendRealtimeInput({ audio: { data, mimeType: 'audio/pcm;rate=16000' } });
  res.json({ status: 'sent' });
});

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
// Connections stay open between two rounds, as those of the other servers do.
server.keepAliveTimeout = 75_000;
