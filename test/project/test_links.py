"""The documents: what they point to exists, and a reader can finish the README."""

import re

import pytest

from support.checkout import CHECKOUT

MAX_README_LINES = 150
DOCUMENTS = sorted(
    [
        *CHECKOUT.glob('*.md'),
        *(CHECKOUT / 'docs').glob('*.md'),
        *(CHECKOUT / 'models').glob('*.md'),
        *(CHECKOUT / 'environment').glob('*.md'),
    ]
)
ARCHITECTURE = CHECKOUT / 'docs' / 'architecture.md'
# [text](target) and ![text](target); targets hold no spaces.
LINK = re.compile(r'\]\(([^)\s]+)\)')
CODE = re.compile(r'^```.*?^```$|`[^`\n]+`', re.MULTILINE | re.DOTALL)


def relative(path):
    return str(path.relative_to(CHECKOUT))


def anchors(document):
    """Anchors as GitHub makes them of headings."""
    text = CODE.sub(lambda code: '' if code[0].startswith('```') else code[0], document.read_text())
    headings = re.findall(r'^#+ (.+)$', text, re.MULTILINE)
    return [re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in headings]


@pytest.mark.parametrize('document', DOCUMENTS, ids=relative)
def test_every_link_leads_somewhere(document):
    broken = []
    for target in LINK.findall(CODE.sub('', document.read_text())):
        if re.match(r'\w+:', target):
            continue  # another site's
        path, _, anchor = target.partition('#')
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert not broken


def test_every_document_can_be_reached_from_the_readme():
    reached, new = set(), {CHECKOUT / 'README.md'}
    while new:
        reached |= new
        links = {
            (document.parent / target.partition('#')[0]).resolve()
            for document in new
            for target in LINK.findall(document.read_text())
        }
        new = {path for path in links if path.suffix == '.md' and path.is_file()} - reached
    assert set(DOCUMENTS) <= reached


@pytest.mark.parametrize(
    'path', sorted(set(re.findall(r'`([a-z_/]+/[\w/]*(?:\.py)?)`', ARCHITECTURE.read_text())))
)
def test_files_named_in_the_architecture_exist(path):
    assert (CHECKOUT / path).exists() or (CHECKOUT / 'hand_tracking_ros' / path).exists()


def test_every_room_is_in_the_architecture():
    package = CHECKOUT / 'hand_tracking_ros'
    rooms = [f'{file.parent.relative_to(package)}/' for file in package.glob('*/**/__init__.py')]
    assert len(rooms) > 10
    text = ARCHITECTURE.read_text()
    assert [room for room in rooms if f'| `{room}` |' not in text] == []


def test_the_readme_is_short():
    assert len((CHECKOUT / 'README.md').read_text().splitlines()) <= MAX_README_LINES
