/**
 * A lesson for tests: prose with terms, names and years, a heading, a list and a question.
 */
export const LESSON = `How tides work

Tides are the regular rise and fall of the sea, and they follow the Moon. The gravitational pull of the Moon draws the water of the oceans towards it and raises a tidal bulge on the near side of the Earth. A second tidal bulge forms on the far side, because there the pull is weaker than the average.

As the Earth rotates, most coasts pass through both bulges in about 25 hours and see two high tides. It was Isaac Newton who explained this in 1687 with his law of universal gravitation. In 1775 Pierre-Simon Laplace described how the depth of the sea changes the tidal wave.

The Sun also raises tides, although its effect is less than half as strong. When the Sun and the Moon stand in line, their effects add up and a spring tide follows. When they stand at a right angle, the weaker neap tide follows.

What do sailors need?
- a tide table
- a depth sounder

The Bay of Fundy in Canada has the largest tidal range in the world, about 16 metres. Its funnel shape and its resonance with the tidal period amplify the incoming wave. Engineers have built tidal power stations since 1966, when the plant on the Rance estuary in France began to work.`;
