// Conversations of several months, which a server of the pictures does not have.

/** Titles of conversations, and their ages in days. */
const LISTED = [
  ['Which ferry gets me to the island before noon?', 0],
  ['Compare two tents for a week in the rain', 0.01],
  ['', 0.02],
  ['A birthday poem for my grandmother, who collects clocks', 1],
  ['Why is my basil turning yellow?', 1.01],
  ['Was kostet ein Ausflug mit dem Schiff nach Rapperswil?', 3],
  ['Plan of the garden', 4],
  ['¿Cómo se dice “wrench” en español?', 5],
  ['Read me the weather for the mountains', 12],
  ['Explain the tides like I am nine', 18],
  ['Packing list', 54],
  ['A toast for the wedding', 88],
];
const LIST = /\/sessions\/[^/]+(\?|$)/;
/** Time of the pictures, at which the conversations of today are all of this day. */
const NOW = new Date('2026-11-20T15:40:00Z');

/**
 * Lists these conversations in the place of the server. The first one is the conversation that is open.
 * @param more further fields of the answer
 */
export async function listConversations(page, more = {}) {
  await page.clock.setFixedTime(NOW);
  const current = /conversation=(.*)/.exec(page.url())?.[1];
  const sessions = LISTED.map(([title, days], index) => ({
    id: index === 0 ? current : `listed-${index}`,
    title,
    lastUpdateTime: NOW.getTime() / 1_000 - 150 - days * 86_400,
    recorded: true,
  }));
  await page.route(LIST, (route) => route.fulfill({ json: { sessions, ...more } }));
}

/** Has the server say that its store is down. */
export async function refuseList(page) {
  const error = 'The store of conversations does not answer';
  const json = { error, code: 'store_unavailable', retry: true, hint: 'try again in a moment' };
  await page.unroute(LIST);
  await page.route(LIST, (route) => route.fulfill({ status: 503, json }));
}
