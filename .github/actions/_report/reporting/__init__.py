"""Report a production validation from the job that ran it.

What the actions `report-validation` and `send-alert` share. It runs on the runner's own Python
(3.10 and newer) with nothing installed, so it imports the standard library only.

    inputs -> finding -> junit -> attempts -> payload -> posting
                                      └──────> summary, commands
"""
