import type { ServerResponse } from 'node:http';
import { createServerBusyError, type MemoryBudget } from '../../session/memory-budget.ts';
import type { StoredSessions } from '../../session/stored-sessions.ts';
import { MemoryShare } from '../../wire/memory-share.ts';
import { WireError } from '../../wire/wire-error.ts';
import { formatAttachment } from '../content-disposition.ts';
import type { RequestContext } from '../gate.ts';

export interface ArtifactRouteOptions {
  readonly sessions: StoredSessions;
  /** Counts the files that wait for their readers. */
  readonly memory: MemoryBudget;
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
  { sessions, memory, draining }: ArtifactRouteOptions,
): Promise<void> {
  const { userId, sessionId, corsHeaders } = context;
  if (draining()) throw new WireError('draining');
  if (!memory.admitsWork) throw createServerBusyError();
  const filename = decodeName(segment);
  const artifact = filename === undefined ? undefined : await sessions.loadArtifact(userId, sessionId, filename);
  if (filename === undefined || !artifact) throw new WireError('artifact_not_found');
  const { mimeType, data } = artifact;
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
  const share = new MemoryShare(memory);
  share.set(data.length);
  res.once('close', () => share.close());
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
