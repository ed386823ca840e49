// An Express app with a sign-in of its own. Its users talk with an agent on the page below /talk. In this folder: npm install && npm start, then
// open http://localhost:3000. Without GOOGLE_API_KEY, the offline agent answers.
import { Agent, createRouter, tool } from 'bidi-sse';
import express, { type RequestHandler } from 'express';
import { SignIns } from './sign-ins.ts';

const signIns = new SignIns();
const menu = tool({
  name: 'current_menu',
  description: 'Returns what the kitchen has today.',
  execute: () => ({ dishes: ['soup', 'pancakes'] }),
});
const agent = new Agent({ name: 'waiter', instruction: 'You take orders in a small restaurant.', tools: [menu] });
// The agent's conversations are those of the app's users: whoever is signed in as ann may use /talk/events/ann, and nothing else.
const talk = createRouter({ agent, authenticate: (req) => signIns.find(req) }, { page: true });

/** Sends visitors of the page who are not signed in to the sign-in. All other requests are refused by the router itself. */
const redirectToSignIn: RequestHandler = (req, res, next) => {
  if (req.path === '/' && !signIns.find(req)) res.redirect('/');
  else next();
};

const app = express();
app.disable('x-powered-by');
app.use('/talk', redirectToSignIn, talk);

app.get('/', (req, res) => {
  const user = signIns.find(req);
  const form = user
    ? `<p>Welcome, ${user.userId}. <a href="talk/">Talk with the waiter</a></p><form method="post" action="sign-out"><button>Sign out</button></form>`
    : '<form method="post" action="sign-in"><label>Your name <input name="name" required pattern="[a-z]{1,20}"></label> <button>Sign in</button></form>';
  res.send(
    `<!doctype html><html lang="en"><title>Restaurant</title><link rel="icon" href="data:,"><h1>Restaurant</h1>${form}</html>`,
  );
});
app.post('/sign-in', express.urlencoded(), (req, res) => {
  const { name } = Object(req.body) as { readonly name?: unknown };
  if (typeof name !== 'string' || !/^[a-z]{1,20}$/.test(name))
    res.status(400).send('Please give your name in small letters.');
  else res.setHeader('Set-Cookie', signIns.open(name)).redirect('/talk/');
});
app.post('/sign-out', (req, res) => {
  res.setHeader('Set-Cookie', signIns.close(req)).redirect('/');
});

const server = app.listen(Number(process.env.PORT ?? 3_000), '127.0.0.1', () => {
  const address = server.address();
  console.log(`http://localhost:${typeof address === 'object' ? address?.port : address}`);
});
talk.service.acceptUpgrades(server, '/talk');

process.once('SIGTERM', () => {
  server.close();
  // Replies finish first. Then the clients are told to return, and their connections close.
  void talk.service.close().then(() => server.closeAllConnections());
});
