import type { Content, InlineData } from '../wire/agent-event.ts';
import type { SizedRequest } from '../wire/byte-size.ts';

/**
 * Finds the pictures of each message in one POST. Pictures beside the messages belong to the first one: a page sends a picture as an item of its own,
 * before the words about it. Pictures of a POST without words, such as those of a camera, belong to no message.
 * @returns the same requests, those with a message with its pictures and their number
 */
export function findPictures(requests: readonly SizedRequest[]): readonly SizedRequest[] {
  if (!requests.some(({ request }) => request.content)) return requests;
  let found: InlineData[] = [];
  for (const { request } of requests) {
    const { blob } = request;
    if (blob?.mime_type.startsWith('image/')) found.push({ mimeType: blob.mime_type, data: blob.data });
  }
  return requests.map((sized) => {
    const { content } = sized.request;
    if (!content) return sized;
    for (const { inlineData } of content.parts ?? []) if (inlineData) found.push(inlineData);
    if (found.length === 0) return sized;
    const request = { ...sized.request, pictures: found.length, pictureData: found };
    found = [];
    return { ...sized, request };
  });
}

/** Joins the text of a message. */
export function extractTypedText({ parts = [] }: Content): string {
  return parts.map(({ text = '' }) => text).join('');
}
