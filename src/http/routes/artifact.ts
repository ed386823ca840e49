import type { ServerResponse } from 'node:http';
import type { FileLoads } from '../../session/file-loads.ts';
import type { StoredSessions } from '../../session/stored-sessions.ts';
import { WireError } from '../../wire/wire-error.ts';
import { formatAttachment } from '../content-disposition.ts';
import type { RequestContext } from '../gate.ts';

export interface ArtifactRouteOptions {
  readonly sessions: StoredSessions;
  /** Limits the files that wait for their readers. */
  readonly files: FileLoads;
  /** Whether the server is shutting down. */
  readonly draining: () => boolean;
}

/** Types that a browser shows. Every other file is downloaded. */
const SHOWN_TYPES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/webp']);
/** Time for which a browser shows a picture again without a request, in seconds. A deleted conversation is gone soon. */
const MAX_AGE_S = 300;
/** Length of a file that costs its address as much as a request, in bytes. */
const BYTES_PER_REQUEST = 64 * 1024;

/**
 * `GET /sessions/:userId/:sessionId/artifacts/:filename`: a file of a conversation.
 * @param segment name of the file, as it was received
 * @throws {WireError} draining, server_busy, artifact_not_found, store_unavailable
 */
export async function serveArtifact(
  res: ServerResponse,
  context: RequestContext,
  segment: string,
  { sessions, files, draining }: ArtifactRouteOptions,
): Promise<void> {
  const { userId, sessionId, corsHeaders } = context;
  if (draining()) throw new WireError('draining');
  const filename = decodeName(segment);
  if (filename === undefined) throw new WireError('artifact_not_found');
  const file = await files.load(userId, async () =>
    res.destroyed ? undefined : sessions.loadArtifact(userId, sessionId, filename),
  );
  if (!file) throw new WireError('artifact_not_found');
  const { mimeType, data } = file.artifact;
  // A response whose client has left has been closed before.
  if (res.destroyed) return file.release();
  res.once('close', file.release);
  const isShown = SHOWN_TYPES.has(mimeType);
  context.chargeRequests(Math.floor(data.length / BYTES_PER_REQUEST));
  res.writeHead(200, {
    'Content-Type': isShown ? mimeType : 'application/octet-stream',
    'Content-Length': data.length,
    'Cache-Control': `private, max-age=${MAX_AGE_S}`,
    'X-Content-Type-Options': 'nosniff',
    // Whatever the bytes are, they run nothing in the name of this server.
    'Content-Security-Policy': "sandbox; default-src 'none'",
    ...(isShown ? {} : formatAttachment(filename, 'bin')),
    ...corsHeaders,
  });
  res.end(data);
}

/** @returns `undefined` if the text is not encoded correctly */
function decodeName(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
