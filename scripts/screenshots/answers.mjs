// What the scripted model says in the pictures.

const FENCE = '```';

export const QUESTION = 'How do I read the answers from Python?';

/** An answer with everything that Markdown brings: a list, code, a table, a link. */
export const MARKDOWN_ANSWER = `Keep **one request** open. Every event of the conversation is a few lines of text on it:

${FENCE}python
import httpx

url = "http://localhost:8000/events/me"
with httpx.stream("GET", url, timeout=None) as stream:
    for line in stream.iter_lines():
        if line.startswith("data: "):
            print(line[6:])
${FENCE}

What you say goes up in separate requests:

| You send | As | The agent |
|---|---|---|
| a question | \`text/plain\` | answers |
| speech | \`audio/pcm\` | listens and answers |
| a picture | \`image/jpeg\` | sees it with your next message |

If the stream breaks, repeat the request with the header \`Last-Event-ID\`, and nothing is lost.`;

export const WEATHER_ANSWER =
  'It is 21 °C and sunny in Zurich. The rain comes on **Thursday**: take the walk before then, or an umbrella.';

/** Grounding of an answer, as Gemini reports it. */
export const GROUNDING = {
  webSearchQueries: ['zurich weather this week'],
  groundingChunks: [
    { web: { uri: 'https://example.com/forecast', title: 'Forecast for Zurich', domain: 'weather.example.com' } },
    { web: { uri: 'https://example.org/radar', title: 'Rain radar', domain: 'radar.example.org' } },
    { web: { uri: 'https://example.net/lake', title: 'Lake temperatures', domain: 'lake.example.net' } },
  ],
};

export const PLANT_QUESTION = 'What plant is this, and how often does it need water?';

export const PLANT_ANSWER = `This looks like a **rubber plant** (*Ficus elastica*).

- Water it when the top 3 cm of the soil are dry, about once a week.
- In winter, half of that is enough.`;

export const SPOKEN_QUESTION = 'How long does the walk around the lake take?';

/** What was heard already, and the rest. */
export const SPOKEN_ANSWER = [
  'The path along the shore is eleven kilometres long. At an easy pace that takes about two and a half hours. ',
  'The ferry brings you back.',
];
