import type { Content } from '../wire/agent-event.ts';
import type { SizedRequest } from '../wire/byte-size.ts';

/**
 * Counts the pictures of each message in one POST. Pictures beside the messages belong to the first one: a page sends a picture as an item of its own,
 * before the words about it. Pictures of a POST without words, such as those of a camera, belong to no message.
 * @returns the same requests, those with a message with the number of its pictures
 */
export function countPictures(requests: readonly SizedRequest[]): readonly SizedRequest[] {
  if (!requests.some(({ request }) => request.content)) return requests;
  let pictures = 0;
  for (const { request } of requests) if (request.blob?.mime_type.startsWith('image/')) pictures += 1;
  return requests.map((sized) => {
    const { content } = sized.request;
    if (!content) return sized;
    for (const { inlineData } of content.parts ?? []) if (inlineData) pictures += 1;
    if (pictures === 0) return sized;
    const counted = { ...sized, request: { ...sized.request, pictures } };
    pictures = 0;
    return counted;
  });
}

/** Joins the text of a message. */
export function extractTypedText({ parts = [] }: Content): string {
  return parts.map(({ text = '' }) => text).join('');
}
