#!/usr/bin/env perl
# On which models a report of `crashlab run --models` (JSON Lines) shows something.
#
#   models.pl shown|unjudged REPORT
#
# The names, one a line, each once, in the order of the report. Unjudged: nothing was found, and
# nothing was recovered either.
use strict;
use warnings;

my ($what, $report) = @ARGV;
die "usage: models.pl shown|unjudged REPORT\n" unless defined $report && $what =~ /^(shown|unjudged)$/;
open(my $in, '<', $report) or die "cannot read $report\n";
my (@names, %shown, %judged);
while (my $line = <$in>) {
  next unless $line =~ /^\{"type":"scenario"/;
  my ($models) = $line =~ /"models":\[(.*?)\],"coverage":/ or die "$report: no models\n";
  while ($models =~ /"name":"([^"]*)","verdicts":\[([^\]]*)\],"clean":(true|false)/g) {
    push @names, $1 unless exists $shown{$1};
    $shown{$1}  ||= $2 ne '';
    $judged{$1} ||= $2 ne '' || $3 eq 'true';
  }
}
die "$report: no models\n" unless @names;
print map { "$_\n" } grep { $what eq 'shown' ? $shown{$_} : !$judged{$_} } @names;
