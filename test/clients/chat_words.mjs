// What may be said in the chat, and what people may be called there: node chat_words.mjs CHAT
import { Program, assert, run, test, until } from '../browser/support.mjs';
import { fetch, with_server } from './chat_support.mjs';

const texts = [
  ['nothing', '', 400], ['blanks', ' \t\r\n', 400], ['what nobody sees', '\u00a0\u200b\u2060', 400], ['an escape of terminals', '\u001b[1A<Ada>: x', 400], ['what is not UTF-8', '@-', 400],
  ['2000 characters', '\u{1F600}'.repeat(2000), 204], ['2001 characters', 'x'.repeat(2001), 413],
  ['8193 bytes', 'x'.repeat(8193), 413], ['a megabyte', '@-', 413],
];
for (const [what, text, status] of texts) {
  test(`${what} is ${status}`, with_server(async server => {
    await server.listen();
    const two = await server.listen();
    const input = what === 'a megabyte' ? 'head -c 1000000 /dev/zero' : "printf 'a\\377b'";
    const answer = text === '@-'
      ? await new Promise((resolve, reject) => {
        const shell = new Program('sh', ['-c', `${input} | curl -q -s -o /dev/null -w '%{http_code}' --data-binary @- ${server.stream}/1`]);
        shell.ended.then(() => resolve({ status: Number(shell.stdout) }), reject);
      })
      : await server.say(1, text);
    assert.equal(answer.status, status);
    await server.say(1, 'next');
    await two.reads(...status === 204 ? [`<User#1>: ${text}`] : [], '<User#1>: next');
  }));
}

const names = [
  ['x', 204], ['x'.repeat(32), 204], ['\u{1F600}'.repeat(32), 204], ['Ада Лавлейс', 204], [' Ada ', 204], ['\u{1F469}\u{200D}\u{1F4BB}', 204],
  ['', 400], ['  ', 400], ['x'.repeat(33), 400], ['a\nb', 400], ['a\u0001b', 400], ['a\u007fb', 400], ['a\u0085b', 400], ['a\u202eb', 400],
  ['a\u200bb', 400], ['a\ufeffb', 400], ['<b>', 400], ['User#1', 400], ['x'.repeat(1025), 413],
];
for (const [name, status] of names) {
  test(`the name ${JSON.stringify(name.slice(0, 40))} is ${status}`, with_server(async server => {
    await server.listen();
    assert.equal((await server.call(1, name)).status, status);
    const query = `?name=${encodeURIComponent(name)}`;
    if (status === 204) await server.listen(query);
    else if (status === 400) assert.equal((await fetch(`${server.stream}${query}`)).status, 400);
  }));
}

// By another's tables of Unicode: the characters at both ends of each range of a property, and those beside them.
const edges = property => {
  const one = new RegExp(`^\\p{${property}}$`, 'u');
  const has = point => one.test(String.fromCodePoint(point));
  const points = new Set();
  for (let point = 0xA2, before = false; point <= 0x10FFFF; ++point) {
    if (point === 0xD800) point = 0xE000;
    const now = has(point);
    if (now !== before) points.add(point - 1).add(point);
    before = now;
  }
  return [...points].map(point => String.fromCodePoint(point));
};
const put = async (url, name) => (await globalThis.fetch(url, { method: 'PUT', body: name })).status;
const shown = character => `U+${character.codePointAt(0).toString(16)}`;

test('white space of every kind is dropped around a name', with_server(async server => {
  const one = await server.listen('?token=one');
  await server.listen();
  const characters = edges('White_Space');
  assert.equal(characters.length, 20);
  for (const character of characters) {
    await put(`${server.stream}/2/name`, 'x');
    const hides = /\p{Default_Ignorable_Code_Point}/u.test(character);
    assert.equal(await put(`${server.stream}/2/name`, `${character}Ada${character}`), hides ? 400 : 204, shown(character));
    const called = hides ? 'x' : /\s/u.test(character) ? 'Ada' : `${character}Ada${character}`;
    await until(() => one.of('name').at(-1) === `2 ${called}`, shown(character));
  }
}));

test('a name is not somebody else\'s but for characters that nobody sees', with_server(async server => {
  const one = await server.listen('?token=one&name=Ada');
  await server.listen('?name=Bob');
  let taken = 0;
  for (const character of edges('Default_Ignorable_Code_Point')) {
    const hides = /\p{Default_Ignorable_Code_Point}/u.test(character);
    const alone = await put(`${server.stream}/2/name`, character.repeat(3));
    assert.equal(alone, hides || /[\s\ufff9]/u.test(character) ? 400 : 204, shown(character));
    const status = await put(`${server.stream}/2/name`, `A${character}da`);
    if (!hides || status !== 204) continue;
    ++taken;
    await until(() => one.of('name').at(-1) === `2 A${character}da#2`, shown(character));
  }
  assert.equal(taken, 4); // variation selectors: two of Mongolian, two for all
}));

for (const [what, name] of [['a bidi control', 'a\u2066b'], ['a Hangul filler', '\u3164'], ['a full-width sign', 'User\uff031'], ['a full-width bracket', 'a\uff1e: hi']])
  test(`${what} is not in a name`, with_server(async server => {
    await server.listen();
    assert.equal((await server.call(1, name)).status, 400);
  }));

test('no line of a message looks like what another says', with_server(async server => {
  await server.listen();
  const two = await server.listen();
  for (const end of ['\n', '\r', '\r\n', '\u0085', '\u2028', '\u2029', '\v', '\f']) {
    await server.say(1, `hi${end}<Bob>: gone`);
    await until(() => two.said.length > 0 && two.events.at(-1).lines.length === 2, 'the message');
  }
  assert.deepEqual(two.said, Array(8).fill('<User#1>: hi\n  <Bob>: gone'));
  const speaking = two.curl.stdout.split('\n').filter(line => line.startsWith('data: <'));
  assert.ok(speaking.every(line => line === 'data: <User#1>: hi'), two.curl.stdout);
}));

test('a name that somebody here has is told apart', with_server(async server => {
  const one = await server.listen('?name=Ada');
  const two = await server.listen('?name=ADA');
  await server.say(2, 'x');
  await one.reads('<ADA#2>: x');
  await one.leave();
  await until(async () => (await server.say(1, 'x')).status === 404, 'Ada to leave');
  assert.equal((await server.call(2, 'Ada')).status, 204);
  await server.listen();
  await server.say(2, 'y');
  await (await server.listen()).reads('<ADA#2>: x', '<Ada>: y');
  await two.leave();
}));

await run();
