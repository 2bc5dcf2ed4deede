"""The pages of issues."""

from gate.simulator.pages.subject import (
    Deed,
    Fact,
    Section,
    Subject,
    page_of,
    person_fact,
    repository_fact,
    time_fact,
)
from gate.simulator.state.issues import Comment
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import World


def list_issues(world: World, repository: Repository) -> Subject:
    """List all issues of a repository, newest first."""
    del world
    facts = [repository_fact(repository)]
    for number, issue in sorted(repository.issues.items(), reverse=True):
        path = page_of(repository, "issues", number)
        facts.append(Fact(f"#{number}, {issue.state}", issue.title, path))
    new = Deed(
        "open_issue",
        {"repository": repository.full_name, "author": "developer", "title": "A title"},
    )
    told = 'On GitHub, "New issue" is on this page.'
    return Subject(f"The issues of {repository.full_name}", tuple(facts), told, deeds=(new,))


def describe_issue(world: World, repository: Repository, number: str) -> Subject | None:
    """Describe an issue with its comments, oldest first; each has GitHub's anchor."""
    del world
    issue = repository.issues.get(int(number))
    if issue is None:
        return None
    state = issue.state if issue.state_reason is None else f"{issue.state}, {issue.state_reason}"
    facts = (
        repository_fact(repository),
        Fact("State", state.replace("_", " ")),
        Fact("Labels", ", ".join(it.name for it in issue.labels) or "none"),
        Fact("Assignees", ", ".join(it.login for it in issue.assignees) or "none"),
        person_fact("Opened by", issue.author),
        time_fact("Opened", issue.created_at),
        time_fact("Updated", issue.updated_at),
    )
    sections = (Section(issue.title, text=issue.body), *map(_comment, issue.comments))
    comment = Deed(
        "comment_on_issue",
        {
            "repository": repository.full_name,
            "number": issue.number,
            "author": "developer",
            "body": "/ack",
        },
    )
    told = "On GitHub, the field for a comment is below the last one."
    return Subject(f"Issue #{issue.number}", facts, told, sections, (comment,))


def _comment(it: Comment) -> Section:
    heading = f"{it.author.login}, {it.created_at:%Y-%m-%d %H:%M} UTC"
    reactions = tuple(Fact(content, account.login) for content, account in it.reactions)
    return Section(heading, reactions, it.body, f"issuecomment-{it.id}")
