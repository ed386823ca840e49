import type { RunConfig } from '../../agent/run-config.ts';
import { type ErrorBody, WireError } from '../../wire/wire-error.ts';
import type { RequestContext } from '../gate.ts';
import type { ReaderQuery } from '../reader-query.ts';
import { type OpenReader, openReader, type ReaderRouteOptions } from './open-reader.ts';

export interface OpenedAdkPage {
  readonly reader: OpenReader | 'ended';
  /** Why the settings of the page are ignored; `undefined` if none is. */
  readonly ignored: ErrorBody | undefined;
}

/**
 * Opens the live session of a page that was written for ADK's bidi-demo, whose server decides the modality, and whose switches work on some models
 * only. Replies are speech unless `is_audio=false`: the page shows the transcript, and would show text twice. Proactivity and affective dialog are
 * off unless the query has them on. If the model has them not, they are ignored, as by the server of bidi-demo: a refused handshake would leave the
 * page without words and without a conversation.
 * @throws {WireError} as `openReader`
 */
export async function openAdkPage(
  context: RequestContext,
  query: ReaderQuery,
  options: ReaderRouteOptions,
): Promise<OpenedAdkPage> {
  const { proactivity, enableAffectiveDialog = false, responseModalities = ['AUDIO'], ...others } = query.runConfig;
  const proactiveAudio = proactivity?.proactiveAudio ?? false;
  let refusal: WireError | undefined;
  const attempts: readonly RunConfig[] = [
    { proactivity: { proactiveAudio }, enableAffectiveDialog },
    // A model that is always proactive refuses the field.
    ...(proactiveAudio ? [] : [{ enableAffectiveDialog }]),
  ];
  for (const settings of attempts) {
    try {
      const runConfig = { ...others, responseModalities, ...settings };
      return { reader: await openReader(context, { ...query, runConfig }, options), ignored: undefined };
    } catch (error) {
      if (!(error instanceof WireError) || error.code !== 'invalid_run_config') throw error;
      refusal = error;
    }
  }
  const runConfig = { ...others, responseModalities };
  return { reader: await openReader(context, { ...query, runConfig }, options), ignored: refusal?.body() };
}
