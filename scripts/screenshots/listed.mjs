/** Titles of conversations, and their ages in hours. */
const LISTED = [
  ['Which ferry gets me to the island before noon?', 0.05],
  ['Compare two tents for a week in the rain', 3],
  ['', 5],
  ['Write a birthday poem for my grandmother, who collects clocks', 26],
  ['Why is my basil turning yellow?', 31],
  ['Was kostet ein Ausflug mit dem Schiff nach Rapperswil?', 70],
  ['Plan of the garden', 96],
  ['¿Cómo se dice “wrench” en español?', 121],
  ['Read me the weather for the mountains', 290],
  ['Explain the tides like I am nine', 420],
  ['Packing list', 1_300],
  ['A toast for the wedding', 2_100],
];

/** Lists conversations as the server does, at an early time of the day in which all of today's are on the same day. @param current id of the first one */
export async function listConversations(page, current) {
  const now = Date.now() / 1_000;
  const sessions = LISTED.map(([title, hours], index) => ({
    id: index === 0 ? current : `listed-${index}`,
    title,
    lastUpdateTime: now - hours * 3_600,
  }));
  await page.route(/\/sessions\/[^/]+(\?|$)/, (route) => route.fulfill({ json: { sessions } }));
}
