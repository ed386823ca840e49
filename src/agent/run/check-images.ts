import type { RealtimeModel } from '../../models/realtime-model.ts';
import type { LiveRequest } from '../../wire/live-request.ts';
import { WireError } from '../../wire/wire-error.ts';
import { isFrame } from './send-request.ts';

/**
 * Checks that the model takes the images of a request: a frame, or images within a message.
 * @throws {WireError} not_supported, if the model takes none
 */
export function checkImages(
  { blob, content }: LiveRequest,
  { name, capabilities }: Pick<RealtimeModel, 'name' | 'capabilities'>,
): void {
  if (capabilities.input.images.length > 0) return;
  const hasImage = (blob !== undefined && isFrame(blob)) || content?.parts?.some(({ inlineData }) => inlineData);
  if (!hasImage) return;
  throw new WireError('not_supported', `${name} takes no images`, 'leave the image out, or use a model that sees');
}
