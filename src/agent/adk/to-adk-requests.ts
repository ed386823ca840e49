import type { LiveRequest } from '../../wire/live-request.ts';
import type { AdkContent, AdkLiveRequest } from './adk-runner.ts';

/**
 * Converts a request to requests of ADK with one field each, in the order in which our fields apply: ADK reads only one field of a request.
 * @param imagesInMessage whether the model accepts images within a message. Otherwise they are sent before the message, as frames
 */
export function toAdkRequests(request: LiveRequest, imagesInMessage: boolean): AdkLiveRequest[] {
  const requests: AdkLiveRequest[] = [];
  const { activity_start, activity_end, blob, content } = request;
  if (activity_start) requests.push({ activityStart: {} });
  if (activity_end) requests.push({ activityEnd: {} });
  if (blob) requests.push({ blob: { mimeType: blob.mime_type, data: blob.data } });
  if (!content?.parts) return requests;
  const images = content.parts.flatMap(({ inlineData }) => inlineData ?? []);
  if (!imagesInMessage) for (const image of images) requests.push({ blob: image });
  const text = content.parts.map((part) => part.text ?? '').join('');
  // ADK sends a message of several parts to Gemini 3.1 in a form that Gemini refuses.
  const parts: NonNullable<AdkContent['parts']> = imagesInMessage ? images.map((inlineData) => ({ inlineData })) : [];
  if (text) requests.push({ content: { role: 'user', parts: [...parts, { text }] } });
  return requests;
}
